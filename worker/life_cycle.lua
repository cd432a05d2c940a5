-- The life cycle of a job:
--
--     queued -> running -> succeeded | failed | cancelled
--       ^          |                       |       |
--       +- release +                       |       |
--       +---------------- retry -----------+-------+
--
-- Every change of a job is one call of this script, hence atomic. A running job belongs to the attempt whose
-- fencing token it carries; a write with another token is refused, so that a zombie cannot overwrite a newer
-- attempt. Tokens are never used twice, not even by another job of the same id.
--
-- What changes is told twice: kept in the job's log, of which a client that comes late or again reads what it has missed,
-- and published, so that nobody has to ask.
--
-- KEYS: job, artifact, log, unacked index of the queue
-- ARGV: prefix, entries that a log keeps, job id, time (ISO 8601), action, arguments of the action
-- Returns {1, ...} when done, {0, reason} when refused.

local job, artifact, log, unacked_index = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local prefix, kept, id, now, action = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local function get(field)
  return redis.call('HGET', job, field)
end

-- The jobs of a status (any: '*') and of a model (any: nil); see index_key in worker/store.py.
local function index(status, model)
  return prefix .. 'index:' .. status .. ':' .. (model and model:gsub('^%*', '**') or '*')
end

local function publish(kind, status)
  redis.call('PUBLISH', prefix .. 'events', cjson.encode({id = id, kind = kind, status = status}))
end

local function note(kind, data)
  redis.call('XADD', log, 'MAXLEN', '~', kept, '*', 'kind', kind, 'data', data)
end

local function leave_index(status)
  redis.call('ZREM', index(status), id)
  redis.call('ZREM', index(status, get('model')), id)
end

local function enter_index(status)
  redis.call('ZADD', index(status), get('sequence'), id)
  redis.call('ZADD', index(status, get('model')), get('sequence'), id)
end

local function enter(status)
  if get('status') then leave_index(get('status')) end
  redis.call('HSET', job, 'status', status)
  enter_index(status)
  note('status', cjson.encode({status = status, at = now, attempts = tonumber(get('attempts'))}))
  publish('status', status)
end

-- Sums over all jobs that ever ended, which outlive them: see worker/tally.py.
local function tally(status)
  local label = status .. ':' .. (get('label') or 'own')
  redis.call('HINCRBY', prefix .. 'tally', 'ended:' .. label, 1)
  if get('began') then
    local time = redis.call('TIME')
    local seconds = time[1] + time[2] / 1e6 - get('began')
    redis.call('HINCRBYFLOAT', prefix .. 'tally', 'seconds:' .. label, string.format('%.6f', seconds))
  end
end

local function finish(status)
  tally(status)
  redis.call('HDEL', job, 'token', 'lease', 'worker', 'began')
  redis.call('HSET', job, 'finished_at', now)
  enter(status)
end

local function is_held(token)
  return get('status') == 'running' and get('token') == token
end

-- Back to the queue, uncounted: the attempt ends although nothing was wrong with the job.
local function give_back()
  redis.call('HINCRBY', job, 'attempts', -1)
  redis.call('HDEL', job, 'token', 'lease', 'worker', 'began', 'started_at', 'progress')
  enter('queued')
end

local function is_leased_elsewhere(tag, horizon)
  local lease = get('lease')
  local renewed = lease and lease ~= tag and redis.call('ZSCORE', unacked_index, lease)
  return renewed and tonumber(renewed) > tonumber(horizon)
end

local function is_full(max_queued)
  return redis.call('ZCARD', index('queued')) >= tonumber(max_queued)
end

local actions = {}

function actions.create(content, model, label, trace, max_queued)
  if get('status') then return {0, get('status')} end
  if is_full(max_queued) then return {0, 'full'} end
  local sequence = redis.call('INCR', prefix .. 'sequence')
  redis.call('HSET', job, 'content', content, 'model', model, 'label', label, 'trace', trace, 'sequence', sequence, 'created_at', now,
    'attempts', 0)
  enter_index('*')
  enter('queued')
  return {1}
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
  local time = redis.call('TIME')
  redis.call('HSET', job, 'token', token, 'lease', tag, 'worker', worker, 'started_at', now,
    'began', string.format('%.6f', time[1] + time[2] / 1e6))
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
  finish('succeeded')
  return {1}
end

function actions.fail(token, problem)
  if not is_held(token) then return {0, 'overtaken'} end
  redis.call('HSET', job, 'problem', problem)
  finish('failed')
  return {1}
end

function actions.release(tag)
  if get('status') ~= 'running' or get('lease') ~= tag then return {0, 'overtaken'} end
  give_back()
  return {1}
end

function actions.cancel()
  local status = get('status')
  if status == 'cancelled' then return {1} end
  if status ~= 'queued' and status ~= 'running' then return {0, status} end
  finish('cancelled')
  return {1}
end

function actions.retry(max_queued)
  local status = get('status')
  if status ~= 'failed' and status ~= 'cancelled' then return {0, status} end
  if is_full(max_queued) then return {0, 'full'} end
  redis.call('HDEL', job, 'started_at', 'finished_at', 'progress', 'problem')
  redis.call('HSET', job, 'attempts', 0)
  enter('queued')
  return {1}
end

-- A form of the policy that only a worker can write: see worker/exports.py. What was asked, and went wrong, before the
-- horizon is asked anew.
function actions.ask_export(asked_at, horizon)
  if get('status') ~= 'succeeded' then return {0, 'unsolved'} end
  if redis.call('HEXISTS', artifact, 'saved_model') == 1 then return {0, 'there'} end
  local before = redis.call('HGET', artifact, 'export_asked_at')
  if before and tonumber(before) > tonumber(horizon) then
    return {0, redis.call('HEXISTS', artifact, 'export_failed') == 1 and 'failed' or 'asked'}
  end
  redis.call('HDEL', artifact, 'export_failed')
  redis.call('HSET', artifact, 'export_asked_at', asked_at)
  return {1}
end

function actions.keep_export(content)
  if get('status') ~= 'succeeded' then return {0, 'unsolved'} end
  redis.call('HSET', artifact, 'saved_model', content)
  return {1}
end

function actions.fail_export()
  if get('status') ~= 'succeeded' then return {0, 'unsolved'} end
  redis.call('HSET', artifact, 'export_failed', '')
  return {1}
end

function actions.delete()
  if not get('status') then return {0, false} end
  leave_index(get('status'))
  leave_index('*')
  redis.call('DEL', job, artifact, log)
  publish('status', 'deleted')
  return {1}
end

return actions[action](unpack(ARGV, 6))
