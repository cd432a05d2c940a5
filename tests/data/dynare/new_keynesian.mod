% The three equations of Gali (2015), Monetary Policy, Inflation, and the Business Cycle, 2nd edition, chapter 3,
% in deviations from the steady state, in his calibration.
var pi   (long_name='inflation')
    x    (long_name='output gap')
    y    (long_name='output')
    y_n  (long_name='natural output')
    i    (long_name='nominal rate')
    r_n  (long_name='natural rate')
    a    (long_name='log technology')
    v    (long_name='monetary policy shock')
    d    (long_name='discount rate shock');
varexo eps_a eps_v eps_d;
parameters beta sigma varphi alpha epsilon theta phi_pi phi_y rho_a rho_v rho_d;
beta = 0.99;
sigma = 1;
varphi = 5;
alpha = 1/4;
epsilon = 9;
theta = 3/4;
phi_pi = 1.5;
phi_y = 0.5/4;
rho_a = 0.9;
rho_v = 0.5;
rho_d = 0.5;

model(linear);
#Omega = (1 - alpha)/(1 - alpha + alpha*epsilon);
#lambda = (1 - theta)*(1 - beta*theta)/theta*Omega;
#kappa = lambda*(sigma + (varphi + alpha)/(1 - alpha));
#psi = (1 + varphi)/(sigma*(1 - alpha) + varphi + alpha);
[name='Phillips curve']
pi = beta*pi(+1) + kappa*x;
[name='IS curve']
x = x(+1) - 1/sigma*(i - pi(+1) - r_n);
[name='Taylor rule']
i = phi_pi*pi + phi_y*y + v;
r_n = -sigma*psi*(1 - rho_a)*a + (1 - rho_d)*d;
y_n = psi*a;
x = y - y_n;
a = rho_a*a(-1) + eps_a;
v = rho_v*v(-1) + eps_v;
d = rho_d*d(-1) + eps_d;
end;

shocks;
var eps_a; stderr 0.01;
var eps_v; stderr 0.0025;
var eps_d; stderr 0.005;
end;

stoch_simul(order=1, irf=0, noprint);
