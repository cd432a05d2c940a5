// Growth, and variables that follow from it by every kind of date: leads within products, quotients and functions, of a
// # definition with lags, of shocks, and lags of what looks ahead. For the dates alone; nothing is to be learnt from it.
var c k y z h w v u;
varexo e n;
parameters alpha beta delta rho;

alpha = 0.3;
beta = 0.96;
delta = 0.1;
rho = 0.9;

model;
# g = y(-2)*exp(z);
1/c = beta/c(+1)*(alpha*exp(z(+1))*k^(alpha - 1) + 1 - delta);
y = exp(z)*k(-1)^alpha;
c + k = y + (1 - delta)*k(-1);
z = rho*z(-1) + e + 0.3*n(-3);
h = (g + c(+1))^2*c(+2)/k(+3) + y(+2)*y(-2);
w = exp(y(+2))/(1 + c(+1)) + log(g*c(+3));
v*exp(z(+1)) = u(+2)*e(+1) + 0.5*v(-1) + 1;
u = z(+4)*c(-1) + n + 0.1*h(-1);
end;

steady_state_model;
z = 0;
k = (alpha/(1/beta - 1 + delta))^(1/(1 - alpha));
y = k^alpha;
c = y - delta*k;
h = (y + c)^2*c/k + y^2;
w = exp(y)/(1 + c) + log(y*c);
v = 2;
u = 0.1*h;
end;

shocks;
var e; stderr 0.01;
var n = 0.03^2;
corr e, n = -0.4;
end;

stoch_simul(order=1, irf=0, noprint);
