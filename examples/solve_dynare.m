function solve_dynare()
% Solve rbc.mod, a file of Dynare's, beyond first order, and compare with Dynare's own linear solution where it has been run:
%   dynare rbc.mod
%   solve_dynare
% In MATLAB, or in Octave 7 or later.
  global M_ oo_
  url = getenv('SADDLEPATH_URL');
  if isempty(url)
    url = 'http://127.0.0.1:8000';
  end

  % The file is a model like any other, and its states are what it lags: k(-1) is k_lag.
  model = send([url '/v1/models'], fileread('rbc.mod'), 'application/x-dynare');
  solution = send([url '/v1/solutions'], struct('model', model.name), 'application/json');
  while any(strcmp(solution.status, {'queued', 'running'}))
    solution = ask([url solution.links.self], 'wait', '30');
  end
  fprintf('solution %s %s\n', solution.id, solution.status);

  % Consumption at three stocks of capital, all else at the steady state.
  k = model.steady_state.k*[0.9, 1, 1.1];
  states = struct('z', 0, 'k_lag', k);
  policy = send([url solution.links.policy], struct('states', states), 'application/json');
  if isempty(oo_)
    fprintf('k(-1) = %-10.6g c = %.10g\n', [k(:), policy.definitions.c(:)]');
  else
    order = oo_.dr.order_var;
    row = strcmp(M_.endo_names(order), 'c');
    column = strcmp(M_.endo_names(order(M_.nstatic + (1:M_.nspred))), 'k');
    steady = oo_.dr.ys(strcmp(M_.endo_names, 'k'));
    linear = oo_.dr.ys(strcmp(M_.endo_names, 'c')) + oo_.dr.ghx(row, column)*(k(:) - steady);
    fprintf('k(-1) = %-10.6g c = %.10g, to first order %.10g\n', [k(:), policy.definitions.c(:), linear]');
  end

  % What the policy is worth.
  certificate = ask([url solution.links.certificate]);
  fprintf('certificate %s %.15g\n', certificate.verdict, certificate.euler_errors.box.max_log10);
end

function answer = ask(url, varargin)
  answer = webread(url, varargin{:}, weboptions('Timeout', 60));
  if ischar(answer)  % Octave leaves JSON as text
    answer = jsondecode(answer);
  end
end

function answer = send(url, body, media_type)
  if exist('OCTAVE_VERSION', 'builtin') == 0
    answer = webwrite(url, body, weboptions('MediaType', media_type, 'Timeout', 60));
    return
  end
  % Octave's webwrite sends forms alone, so here it is curl that sends.
  if ~ischar(body)
    body = jsonencode(body);
  end
  file = tempname();
  handle = fopen(file, 'w');
  fputs(handle, body);
  fclose(handle);
  [status, text] = system(['curl -sS --fail-with-body -H "Content-Type: ' media_type '" --data-binary "@' file '" ' url]);
  delete(file);
  if status ~= 0
    error('%s', text);
  end
  answer = jsondecode(text);
end
