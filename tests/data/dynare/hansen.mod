/* Indivisible labour: Hansen (1985), Journal of Monetary Economics 16, 309-327,
   in logarithms, so that the linear solution is in percent. Calibration: Hansen's. */
var y c k i n w r z;
varexo e;
parameters alpha, beta, delta, chi, rho, sd;

alpha = 0.36;  beta = 0.99;  delta = 0.025;  chi = 2.85;  % Hansen's A, -2 log(1-.53)/.53
rho = 0.95;    sd = 0.00712;

model;
  exp(c)*chi = exp(w);
  1 = beta*exp(c - c(+1))*(exp(r(+1)) + 1 - delta);
  exp(y) = exp(z)*exp(k(-1))^alpha*exp(n)^(1-alpha);
  w = ln(1 - alpha) + y - n;
  r = ln(alpha) + y - k(-1);
  exp(y) = exp(c) + exp(i);
  exp(k) = (1 - delta)*exp(k(-1)) + exp(i);
  z = rho*z(-1) + e;
end;

initval;
  y = ln(1.1);   // guesses only
  c = ln(0.8);
  k = ln(11);
  i = ln(0.3);
  n = ln(0.33);
  w = ln(2.3);
  r = ln(0.035);
  z = 0;
end;

steady(tolf=1e-13);

shocks;
var e = sd^2;
end;

check;
stoch_simul(order=1, irf=0, noprint);
