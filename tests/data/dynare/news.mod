// Growth with labour, where productivity is told four quarters ahead. News: Beaudry and Portier (2004), Journal of
// Monetary Economics 51, 1183-1216; the rest is King, Plosser and Rebelo (1988) with log utility.
var y c k n i a rule;
varexo eps news;
parameters alpha beta delta chi rho phi;
alpha = 0.33;
beta = 0.99;
delta = 0.025;
rho = 0.95;
phi = 0.5;

model;
1/c = beta/c(+1)*(alpha*y(+1)/k + 1 - delta);
chi*c/(1 - n) = (1 - alpha)*y/n;
y = exp(a)*k(-1)^alpha*n^(1 - alpha);
y = c + i;
i = k - (1 - delta)*k(-1);
a = rho*a(-1) + eps + news(-4);
rule = phi*(y/STEADY_STATE(y) - 1) + (1 - phi)*rule(-1);
end;

steady_state_model;
a = 0;
n = 0.2;
ratio = (alpha/(1/beta - 1 + delta))^(1/(1 - alpha));
k = ratio*n;
y = ratio^alpha*n;
i = delta*k;
c = y - i;
chi = (1 - alpha)*y/n*(1 - n)/c;
rule = 0;
end;

shocks;
var eps; stderr 0.007;
var news; stderr 0.004;
corr eps, news = 0.2;
end;

stoch_simul(order=1, irf=0, noprint);
