-- What attempts at a job write, fenced by their tokens, and workers beside them.

local function is_held(token)
  return get('status') == 'running' and get('token') == token
end

-- Back to the queue, uncounted: the attempt ends although nothing was wrong with the job.
local function give_back()
  redis.call('HINCRBY', job, 'attempts', -1)
  redis.call('HDEL', job, 'token', 'lease', 'worker', 'began', 'started_at', 'progress')
  queue()
end

local function is_leased_elsewhere(tag, horizon)
  local lease = get('lease')
  local renewed = lease and lease ~= tag and redis.call('ZSCORE', unacked_index, lease)
  return renewed and tonumber(renewed) > tonumber(horizon)
end

function actions.begin(tag, worker, horizon, max_attempts, problem)
  local status = get('status')
  if status == 'running' and is_leased_elsewhere(tag, horizon) then return {0, 'it is being solved elsewhere'} end
  if status ~= 'queued' and status ~= 'running' then return {0, 'it is ' .. (status or 'deleted')} end
  if tonumber(get('attempts')) >= tonumber(max_attempts) then
    redis.call('HSET', job, 'problem', problem)
    finish('failed')
    return {0, 'it has used up its attempts'}
  end
  local token = redis.call('INCR', prefix .. 'token')
  redis.call('HINCRBY', job, 'attempts', 1)
  redis.call('HDEL', job, 'progress')
  redis.call('HSET', job, 'token', token, 'lease', tag, 'worker', worker, 'started_at', now,
    'began', string.format('%.6f', clock()))
  enter('running')
  return {1, token}
end

function actions.keep(token, tag, renewed, renew_before)
  if not is_held(token) then return {0, 'overtaken'} end
  local score = redis.call('ZSCORE', unacked_index, tag)
  if not score then -- the queue has taken the delivery back, from a worker that lives: it was only late
    give_back()
    return {0, 'lease lost'}
  end
  if tonumber(score) < tonumber(renew_before) then redis.call('ZADD', unacked_index, renewed, tag) end
  return {1}
end

function actions.progress(token, progress)
  if not is_held(token) then return {0, 'overtaken'} end
  redis.call('HSET', job, 'progress', progress)
  note('progress', progress)
  publish('progress', 'running')
  return {1}
end

function actions.succeed(token, progress, certificate, verdict, provenance, manifest, arrays)
  if not is_held(token) then return {0, 'overtaken'} end
  redis.call('HSET', job, 'progress', progress, 'certificate', certificate, 'provenance', provenance)
  redis.call('HSET', artifact, 'manifest', manifest, 'arrays', arrays)
  redis.call('HINCRBY', prefix .. 'tally', 'verdict:' .. verdict, 1)
  charge(clock())
  finish('succeeded')
  return {1}
end

-- A page of a simulation's result, or the last word on it.
function actions.keep_page(token, number, content)
  if not is_held(token) then return {0, 'overtaken'} end
  redis.call('HSET', artifact, number, content)
  return {1}
end

function actions.complete(token, progress, summary, manifest)
  if not is_held(token) then return {0, 'overtaken'} end
  redis.call('HSET', job, 'progress', progress, 'summary', summary)
  redis.call('HSET', artifact, 'manifest', manifest)
  charge(clock())
  finish('succeeded')
  return {1}
end

function actions.fail(token, problem)
  if not is_held(token) then return {0, 'overtaken'} end
  redis.call('HSET', job, 'problem', problem)
  charge(clock())
  finish('failed')
  return {1}
end

function actions.release(tag)
  if get('status') ~= 'running' or get('lease') ~= tag then return {0, 'overtaken'} end
  give_back()
  return {1}
end

function actions.keep_export(content)
  if get('status') ~= 'succeeded' then return {0, 'unsolved'} end
  redis.call('HSET', artifact, 'saved_model', content)
  weigh()
  return {1}
end

function actions.fail_export()
  if get('status') ~= 'succeeded' then return {0, 'unsolved'} end
  redis.call('HSET', artifact, 'export_failed', '')
  return {1}
end
