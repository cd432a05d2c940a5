// The stochastic growth model in the form in which Dynare's users write it.
// Equations: King, Plosser and Rebelo (1988), without labour; calibration: theirs, quarterly.
var y $Y$ (long_name='output') c (long_name='consumption') k (long_name='capital at the end of the period')
    i (long_name='investment') z (long_name='log productivity');
varexo e (long_name='innovation of productivity');
parameters alpha beta delta sigma rho sd_e;

alpha = 0.33;
beta = 0.99;
delta = 0.025;
sigma = 2;
rho = 0.95;
sd_e = 0.007;

model;
[name='Euler equation']
c^(-sigma) = beta*c(+1)^(-sigma)*(alpha*exp(z(+1))*k^(alpha - 1) + 1 - delta);
[name='Production']
y = exp(z)*k(-1)^alpha;
[name='Resources']
y = c + i;
[name='Capital']
k = (1 - delta)*k(-1) + i;
[name='Productivity']
z = rho*z(-1) + e;
end;

steady_state_model;
z = 0;
k = (alpha/(1/beta - 1 + delta))^(1/(1 - alpha));
y = k^alpha;
i = delta*k;
c = y - i;
end;

shocks;
var e; stderr sd_e;
end;

steady;
check;
stoch_simul(order=1, irf=0, noprint) y c k;
