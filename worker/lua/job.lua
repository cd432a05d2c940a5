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
-- A deleted job leaves word of when and why for a day. Every change of a job is a use of it, and what an ended one takes of
-- the store's memory is weighed: see worker/retention.py.
--
-- Who asked to be told of a job's end is sent a message, whose writing is part of that change: see worker/outbox.py.
--
-- A job belongs to every tenant that has asked for it, and is solved once for all of them. One of several owners that
-- cancels or deletes it only gives it up; to the others nothing happens. What is not seen is told as not there.
--
-- Simulations that are too large for one request are jobs, too, with indexes and sums of their own. Each starts from a
-- solution, and goes when that goes: see worker/simulation_job.py.
--
-- KEYS: job, artifact, log, word of the deletion, URLs to be told, unacked index of the queue, owners
-- ARGV: prefix, entries that a log keeps, job id, time (ISO 8601), action; the tenant's key id, whether it sees all, most
--       jobs waiting, most seconds a day; arguments of the action
-- Returns {1, ...} when done, {0, reason} when refused; without a reason, there is no such job.

local job, artifact, log, gone, webhooks, unacked_index, owners = unpack(KEYS)
local prefix, kept, id, now, action = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local tenant, sees_all, max_waiting, max_seconds = ARGV[6], ARGV[7] == '1', tonumber(ARGV[8]), tonumber(ARGV[9])
-- How long after its last sign of life a solve that is ended from outside is taken to have gone on, at most.
local UNSEEN_S = 10

-- Of the job in hand: '' for a solution. An id carries its kind.
local SIMULATIONS = 'simulations:'
local function kind()
  return id:sub(1, 4) == 'sim-' and SIMULATIONS or ''
end

-- Takes another job in hand; returns the one before.
local function turn_to(other)
  local before = id
  id, job, artifact, log = other, prefix .. 'job:' .. other, prefix .. 'artifact:' .. other, prefix .. 'log:' .. other
  gone, webhooks, owners = prefix .. 'gone:' .. other, prefix .. 'webhooks:' .. other, prefix .. 'owners:' .. other
  return before
end

local function simulations_of(solution)
  return prefix .. 'simulations-of:' .. solution
end

local function get(field)
  return redis.call('HGET', job, field)
end

local function clock()
  local time = redis.call('TIME')
  return time[1] + time[2] / 1e6
end

-- The jobs of a status (any: '*'), of a model (any: nil) and of an owner (any: nil), of the kind in hand unless another is
-- named; see index_key in worker/store.py.
local function index(status, model, owner, of_kind)
  local place = (of_kind or kind()) .. (owner and ('of:' .. owner .. ':') or '')
  return prefix .. place .. 'index:' .. status .. ':' .. (model and model:gsub('^%*', '**') or '*')
end

local function is_over(status)
  return status == 'succeeded' or status == 'failed' or status == 'cancelled'
end

local function publish(kind, status)
  redis.call('PUBLISH', prefix .. 'events', cjson.encode({id = id, kind = kind, status = status}))
end

local function note(kind, data)
  redis.call('XADD', log, 'MAXLEN', '~', kept, '*', 'kind', kind, 'data', data)
end

-- A use of a simulation is one of its solution, which would take it along: that goes after it.
local function note_use()
  redis.call('ZADD', prefix .. 'used', string.format('%.6f', clock()), id)
  if kind() == SIMULATIONS then
    redis.call('ZADD', prefix .. 'used', 'XX', 'GT', string.format('%.6f', clock() + 0.001), get('start'))
  end
end

local function forget_weight()
  local bytes = redis.call('HGET', prefix .. 'sizes', id)
  if not bytes then return end
  redis.call('HINCRBY', prefix .. 'sizes', '*', -bytes)
  redis.call('HDEL', prefix .. 'sizes', id)
end

local function weigh()
  forget_weight()
  local bytes = 0
  for _, key in ipairs({job, artifact, log}) do
    bytes = bytes + (redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0) or 0)
  end
  redis.call('HSET', prefix .. 'sizes', id, bytes)
  redis.call('HINCRBY', prefix .. 'sizes', '*', bytes)
end

local function leave_index_of(owner, status)
  redis.call('ZREM', index(status, nil, owner), id)
  redis.call('ZREM', index(status, get('model'), owner), id)
end

local function enter_index_of(owner, status)
  redis.call('ZADD', index(status, nil, owner), get('sequence'), id)
  redis.call('ZADD', index(status, get('model'), owner), get('sequence'), id)
end

local function leave_index(status)
  leave_index_of(nil, status)
  for _, owner in ipairs(redis.call('SMEMBERS', owners)) do leave_index_of(owner, status) end
end

local function enter_index(status)
  enter_index_of(nil, status)
  for _, owner in ipairs(redis.call('SMEMBERS', owners)) do enter_index_of(owner, status) end
end

local function enter(status)
  if get('status') then leave_index(get('status')) end
  redis.call('HSET', job, 'status', status)
  enter_index(status)
  note_use()
  note('status', cjson.encode({status = status, at = now, attempts = tonumber(get('attempts'))}))
  publish('status', status)
end

-- Sums over all jobs that ever ended, which outlive them: see worker/tally.py.
local function tally(status)
  local label = status .. ':' .. (get('label') or 'own')
  redis.call('HINCRBY', prefix .. 'tally', kind() .. 'ended:' .. label, 1)
  if get('began') then
    local seconds = clock() - get('began')
    redis.call('HINCRBYFLOAT', prefix .. 'tally', kind() .. 'seconds:' .. label, string.format('%.6f', seconds))
  end
end

local actions = {}
