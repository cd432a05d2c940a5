// A zero lower bound on the nominal rate, as the manual writes one: a tag mcp on the rule that it replaces.
// The model is that of Gali (2015), chapter 3, with a rule that smooths, in quarterly deviations from the steady state.
var pi x r d;
varexo eps;
parameters beta kappa sigma rho_r phi_pi phi_x rho_d;
beta = 0.99;
kappa = 0.17;
sigma = 1;
rho_r = 0.7;
phi_pi = 1.5;
phi_x = 0.125;
rho_d = 0.8;

model;
pi = beta*pi(+1) + kappa*x;
x = x(+1) - (r - pi(+1) - d)/sigma;
[name='Taylor rule', mcp='r > -0.01']
r = rho_r*r(-1) + (1 - rho_r)*(phi_pi*pi + phi_x*x);
d = rho_d*d(-1) + eps;
end;

initval;
pi = 0; x = 0; r = 0; d = 0;
end;

shocks;
var eps; stderr 0.0025;
end;

stoch_simul(order=1, irf=0, noprint);
