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
-- KEYS: job, artifact, log, word of the deletion, URLs to be told, unacked index of the queue, owners
-- ARGV: prefix, entries that a log keeps, job id, time (ISO 8601), action; the tenant's key id, whether it sees all, most
--       jobs waiting, most seconds a day; arguments of the action
-- Returns {1, ...} when done, {0, reason} when refused; without a reason, there is no such job.

local job, artifact, log, gone, webhooks, unacked_index, owners = unpack(KEYS)
local prefix, kept, id, now, action = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local tenant, sees_all, max_waiting, max_seconds = ARGV[6], ARGV[7] == '1', tonumber(ARGV[8]), tonumber(ARGV[9])
-- How long after its last sign of life a solve that is ended from outside is taken to have gone on, at most.
local UNSEEN_S = 10

local function get(field)
  return redis.call('HGET', job, field)
end

local function clock()
  local time = redis.call('TIME')
  return time[1] + time[2] / 1e6
end

-- The jobs of a status (any: '*'), of a model (any: nil) and of an owner (any: nil); see index_key in worker/store.py.
local function index(status, model, owner)
  local place = owner and ('of:' .. owner .. ':') or ''
  return prefix .. place .. 'index:' .. status .. ':' .. (model and model:gsub('^%*', '**') or '*')
end

local function is_owned()
  return tenant ~= '' and redis.call('SISMEMBER', owners, tenant) == 1
end

local function is_seen()
  return get('status') and (sees_all or is_owned())
end

-- Whether the job is another's as well, so that this tenant may give it up but not end it.
local function is_shared()
  return not sees_all and redis.call('SCARD', owners) > 1
end

local function publish(kind, status)
  redis.call('PUBLISH', prefix .. 'events', cjson.encode({id = id, kind = kind, status = status}))
end

local function note(kind, data)
  redis.call('XADD', log, 'MAXLEN', '~', kept, '*', 'kind', kind, 'data', data)
end

local function note_use()
  redis.call('ZADD', prefix .. 'used', string.format('%.6f', clock()), id)
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
  redis.call('HINCRBY', prefix .. 'tally', 'ended:' .. label, 1)
  if get('began') then
    local seconds = clock() - get('began')
    redis.call('HINCRBYFLOAT', prefix .. 'tally', 'seconds:' .. label, string.format('%.6f', seconds))
  end
end

local function send(url, status)
  local message = 'msg_' .. id .. '_' .. redis.call('INCR', prefix .. 'messages')
  redis.call('HSET', prefix .. 'message:' .. message, 'url', url, 'job', id, 'status', status, 'at', now)
  redis.call('ZADD', prefix .. 'outbox', string.format('%.6f', clock()), message)
end

local function spent(owner)
  return prefix .. 'spent:' .. owner .. ':' .. now:sub(1, 10)
end

-- Charges the attempt that ends to the tenant that asked for it. One that is lost with its worker, or handed back, is free.
local function charge(ended)
  local payer, began = get('payer'), get('began')
  if not began or not payer or payer == '' then return end
  redis.call('INCRBYFLOAT', spent(payer), string.format('%.6f', math.max(0, ended - began)))
  redis.call('EXPIRE', spent(payer), 172800)
end

-- The same for an attempt that is ended from outside, whose worker may have been gone for long.
local function charge_unseen()
  local renewed = get('lease') and redis.call('ZSCORE', unacked_index, get('lease'))
  if renewed then charge(math.min(clock(), renewed + UNSEEN_S)) end
end

local function own()
  if tenant == '' then return end
  redis.call('SADD', owners, tenant)
  enter_index_of(tenant, '*')
end

-- The URLs to be told, for all tenants or of one: each is kept behind its tenant's key id and a space.
local function urls(owner)
  local found = {}
  for _, member in ipairs(redis.call('SMEMBERS', webhooks)) do
    local key_id, url = member:match('^(%S*) (.*)$')
    if not owner or key_id == owner then table.insert(found, url) end
  end
  return found
end

-- The tenant does not own the job any more, which is another's. It is told as deleted: whoever waits looks again.
local function give_up(told)
  for _, url in ipairs(urls(tenant)) do
    redis.call('SREM', webhooks, tenant .. ' ' .. url)
    if told then send(url, told) end
  end
  leave_index_of(tenant, get('status'))
  leave_index_of(tenant, '*')
  redis.call('SREM', owners, tenant)
  if get('payer') == tenant then redis.call('HSET', job, 'payer', redis.call('SRANDMEMBER', owners)) end
  publish('status', 'deleted')
end

local function finish(status)
  tally(status)
  redis.call('HDEL', job, 'token', 'lease', 'worker', 'began')
  redis.call('HSET', job, 'finished_at', now)
  enter(status)
  weigh()
  for _, url in ipairs(urls()) do send(url, status) end
end

local function is_over(status)
  return status == 'succeeded' or status == 'failed' or status == 'cancelled'
end

-- Puts a job on its way. What it starts from is used by that: who looked at it before does not delete it now.
local function queue()
  enter('queued')
  local start = get('start')
  if start then redis.call('ZADD', prefix .. 'used', 'XX', string.format('%.6f', clock()), start) end
end

local function remove(reason, told_s)
  leave_index(get('status'))
  leave_index('*')
  forget_weight()
  redis.call('ZREM', prefix .. 'used', id)
  local told = {deleted_at = now, reason = reason, owners = redis.call('SMEMBERS', owners)}
  redis.call('SET', gone, cjson.encode(told), 'EX', told_s)
  redis.call('DEL', job, artifact, log, webhooks, owners)
  redis.call('HINCRBY', prefix .. 'tally', 'deleted:' .. reason, 1)
  publish('status', 'deleted')
end

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

local function is_full(max_queued)
  return redis.call('ZCARD', index('queued')) >= tonumber(max_queued)
end

local function has_room_for(url, most)
  return url == '' or redis.call('SISMEMBER', webhooks, tenant .. ' ' .. url) == 1 or #urls(tenant) < tonumber(most)
end

-- One that comes when the job is over is told at once; one that is there already is not told twice of the same end.
local function add_webhook(url)
  if url == '' or redis.call('SADD', webhooks, tenant .. ' ' .. url) == 0 then return end
  if is_over(get('status')) then send(url, get('status')) end
end

-- Which of the tenant's limits keeps it from one more job that waits, or is being solved; nil for none.
local function limit_reached(waits)
  if tenant == '' then return nil end
  if waits and redis.call('ZCARD', index('queued', nil, tenant)) >= max_waiting then return 'waiting' end
  if tonumber(redis.call('GET', spent(tenant)) or 0) >= max_seconds then return 'seconds' end
end

local function queue_again()
  redis.call('HDEL', job, 'started_at', 'finished_at', 'progress', 'problem')
  redis.call('HSET', job, 'attempts', 0, 'payer', tenant)
  queue()
end

local actions = {}

function actions.create(content, model, label, start, trace, webhook, max_webhooks, max_queued)
  local status = get('status')
  if status and not has_room_for(webhook, max_webhooks) then return {0, 'webhooks'} end
  if status and (tenant == '' or is_owned()) then
    add_webhook(webhook)
    return {0, status}
  end
  -- From here on it is new to the tenant. What others have cancelled is to be solved for this one.
  local is_to_queue = not status or status == 'cancelled'
  local reached = (is_to_queue or not is_over(status)) and limit_reached(status ~= 'running')
  if reached then return {0, reached} end
  if is_to_queue and is_full(max_queued) then return {0, 'full'} end
  if not status then
    local sequence = redis.call('INCR', prefix .. 'sequence')
    redis.call('HSET', job, 'content', content, 'model', model, 'label', label, 'trace', trace, 'sequence', sequence, 'created_at', now)
    if start ~= '' then redis.call('HSET', job, 'start', start) end
    redis.call('DEL', gone)
    enter_index('*')
  end
  own()
  if is_to_queue then
    queue_again()
  else
    enter_index_of(tenant, status)
  end
  add_webhook(webhook)
  return {is_to_queue and 1 or 0, status}
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

function actions.cancel()
  if not is_seen() then return {0, false} end
  local status = get('status')
  if status == 'cancelled' then return {1} end
  if status ~= 'queued' and status ~= 'running' then return {0, status} end
  if is_shared() then
    give_up('cancelled')
    return {1, 'given up'}
  end
  charge_unseen()
  finish('cancelled')
  return {1}
end

function actions.retry(max_queued)
  if not is_seen() then return {0, false} end
  local status = get('status')
  if status ~= 'failed' and status ~= 'cancelled' then return {0, status} end
  local reached = limit_reached(true)
  if reached then return {0, reached} end
  if is_full(max_queued) then return {0, 'full'} end
  queue_again()
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
  weigh()
  return {1}
end

function actions.fail_export()
  if get('status') ~= 'succeeded' then return {0, 'unsolved'} end
  redis.call('HSET', artifact, 'export_failed', '')
  return {1}
end

function actions.delete(told_s)
  if not is_seen() then return {0, false} end
  if is_shared() then
    give_up()
    return {1}
  end
  charge_unseen()
  remove('request', told_s)
  return {1}
end

-- Deletes what is over, if it has not been used since, and, where it is to make room, if there is not enough by now.
function actions.expire(reason, seen, most_bytes, told_s)
  local status = get('status')
  if not is_over(status) then return {0, status or 'deleted'} end
  local used = redis.call('ZSCORE', prefix .. 'used', id)
  if not used or tonumber(used) > tonumber(seen) then return {0, 'used'} end
  if reason == 'size' and tonumber(redis.call('HGET', prefix .. 'sizes', '*') or 0) <= tonumber(most_bytes) then
    return {0, 'enough'}
  end
  remove(reason, told_s)
  return {1}
end

-- A job that a release which did not weigh jobs has left.
function actions.adopt()
  if not get('status') or redis.call('ZSCORE', prefix .. 'used', id) then return {0, 'known'} end
  note_use()
  if is_over(get('status')) then weigh() end
  return {1}
end

return actions[action](unpack(ARGV, 10))
