function solve_neoclassical()
% Solve a model and use its policy. In MATLAB: solve_neoclassical. In Octave (7 or later): octave --eval solve_neoclassical
  url = getenv('SADDLEPATH_URL');
  if isempty(url)
    url = 'http://127.0.0.1:8000';
  end

  % Solve. The same request again is the same solution, at once.
  calibration = struct('beta', 0.95, 'gamma', 2);
  solution = send([url '/v1/solutions'], struct('model', 'neoclassical', 'calibration', calibration));
  while any(strcmp(solution.status, {'queued', 'running'}))
    solution = ask([url solution.links.self], 'wait', '30');
  end
  fprintf('solution %s %s\n', solution.id, solution.status);

  % One state.
  one = ask([url solution.links.policy], 'a', '0.0', 'k', '4.2');
  fprintf('k = 4.2: i = %.15g, c = %.15g\n', one.controls.i, one.definitions.c);

  % Many states: a number stands for every row.
  states = struct('a', 0.0, 'k', [3.5, 4.2, 5.0]);
  many = send([url solution.links.policy], struct('states', states));
  fprintf('%g %.15g %.15g\n', [many.states.k(:), many.controls.i(:), many.definitions.c(:)]');

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

function answer = send(url, body)
  if exist('OCTAVE_VERSION', 'builtin') == 0
    answer = webwrite(url, body, weboptions('MediaType', 'application/json', 'Timeout', 60));
    return
  end
  % Octave's webwrite sends forms alone and no JSON, so here it is curl that sends.
  file = tempname();
  handle = fopen(file, 'w');
  fputs(handle, jsonencode(body));
  fclose(handle);
  [status, text] = system(['curl -sS --fail-with-body -H "Content-Type: application/json" --data-binary "@' file '" ' url]);
  delete(file);
  if status ~= 0
    error('%s', text);
  end
  answer = jsondecode(text);
end
