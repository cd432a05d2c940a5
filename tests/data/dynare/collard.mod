// The example with which Dynare has been taught: Collard (2001), Stochastic simulations with DYNARE, section 2.
// Two correlated shocks, # definitions, names, and capital as a predetermined variable.
var y c k a h b;
predetermined_variables k;
varexo e u;
parameters beta rho alpha delta theta psi tau phi;
alpha = 0.36;
rho = 0.95;
tau = 0.025;
beta = 0.99;
delta = 0.025;
psi = 0;
theta = 2.95;
phi = 0.1;

model;
# share = 1 - alpha;
# product = exp(a)*k^alpha*h^share;
# ahead = exp(b(+1))*alpha*y(+1) + (1 - delta)*k(+1);
[name = 'Labour supply']
c*theta*h^(1 + psi) = share*y;
[name = 'Capital supply', kind = 'forward']
k(+1) = beta*(exp(b)*c/(exp(b(+1))*c(+1)))*ahead;
[name = 'Production']
y = product;
[name = 'Accumulation']
k(+1) = exp(b)*(y - c) + (1 - delta)*k;
[name = 'Technology']
a = rho*a(-1) + tau*b(-1) + e;
[name = 'Preferences']
b = tau*a(-1) + rho*b(-1) + u;
end;

initval;
y = 1.08068253095672;
c = 0.80359242014163;
h = 0.29175631001732;
k = 11.08360443260358;
a = 0;
b = 0;
e = 0;
u = 0;
end;

shocks;
var e; stderr 0.009;
var u; stderr 0.009;
var e, u = phi*0.009*0.009;
end;

stoch_simul(order=1, irf=0, noprint);
