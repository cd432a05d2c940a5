// Growth with internal habits of two periods: marginal utility looks two periods ahead and two back.
// After Constantinides (1990), Journal of Political Economy 98, 519-543, in discrete time.
var c k z lambda s;
varexo e;
parameters alpha beta delta gamma h1 h2 rho;
alpha = 0.36;
beta = 0.99;
delta = 0.025;
gamma = 2;
h1 = 0.4;
h2 = 0.2;
rho = 0.9;

model;
s = c - h1*c(-1) - h2*c(-2);
lambda = s^(-gamma) - beta*h1*s(+1)^(-gamma) - beta^2*h2*s(+2)^(-gamma);
lambda = beta*lambda(+1)*(alpha*exp(z(+1))*k^(alpha - 1) + 1 - delta);
c + k = exp(z)*k(-1)^alpha + (1 - delta)*k(-1);
log(exp(z)) = rho*log(exp(z(-1))) + e;
end;

steady_state_model;
z = 0;
rate = 1/beta - 1 + delta;
k = (alpha/rate)^(1/(1 - alpha));
c = k^alpha - delta*k;
s = (1 - h1 - h2)*c;
lambda = s^(-gamma)*(1 - beta*h1 - beta^2*h2);
end;

shocks;
var e; stderr 0.007;
end;

stoch_simul(order=1, irf=0, noprint);
