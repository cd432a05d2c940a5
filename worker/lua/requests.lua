-- What the owners of a job ask for.

-- Puts a job on its way. What it starts from is used by that: who looked at it before does not delete it now.
local function queue()
  enter('queued')
  local start = get('start')
  if start then redis.call('ZADD', prefix .. 'used', 'XX', string.format('%.6f', clock()), start) end
end

local function queue_again()
  redis.call('HDEL', job, 'started_at', 'finished_at', 'progress', 'problem')
  redis.call('HSET', job, 'attempts', 0, 'payer', tenant)
  queue()
end

local function finish(status)
  tally(status)
  if status ~= 'succeeded' then redis.call('DEL', artifact) end -- what a simulation had of its pages
  redis.call('HDEL', job, 'token', 'lease', 'worker', 'began')
  redis.call('HSET', job, 'finished_at', now)
  enter(status)
  weigh()
  for _, url in ipairs(urls()) do send(url, status) end
end

local function remove(reason, told_s)
  if kind() == SIMULATIONS then redis.call('SREM', simulations_of(get('start')), id) end
  leave_index(get('status'))
  leave_index('*')
  forget_weight()
  redis.call('ZREM', prefix .. 'used', id)
  local told = {deleted_at = now, reason = reason, owners = redis.call('SMEMBERS', owners)}
  redis.call('SET', gone, cjson.encode(told), 'EX', told_s)
  redis.call('DEL', job, artifact, log, webhooks, owners, simulations_of(id))
  redis.call('HINCRBY', prefix .. 'tally', kind() .. 'deleted:' .. reason, 1)
  publish('status', 'deleted')
end

-- Does something to each simulation of the solution in hand.
local function each_simulation(act)
  for _, simulation in ipairs(redis.call('SMEMBERS', simulations_of(id))) do
    local solution = turn_to(simulation)
    act()
    turn_to(solution)
  end
end

-- Whether a simulation can start from a solution: its policy is there, and the tenant's.
local function is_start(solution)
  local before = turn_to(solution)
  local is_there = is_seen() and get('status') == 'succeeded'
  turn_to(before)
  return is_there
end

-- The tenant has the job no more; the last one that has it ends it.
local function leave(told_s)
  if is_shared() then
    give_up()
  else
    charge_unseen()
    remove('request', told_s)
  end
end

function actions.create(content, model, label, start, trace, webhook, max_webhooks, max_queued)
  local status = get('status')
  if status and not has_room_for(webhook, max_webhooks) then return {0, 'webhooks'} end
  if status and (tenant == '' or is_owned()) then
    add_webhook(webhook)
    return {0, status}
  end
  if kind() == SIMULATIONS and not is_start(start) then return {0, 'unsolved'} end
  -- From here on it is new to the tenant. What others have cancelled is to be solved for this one.
  local is_to_queue = not status or status == 'cancelled'
  local reached = (is_to_queue or not is_over(status)) and limit_reached(status ~= 'running')
  if reached then return {0, reached} end
  if is_to_queue and is_full(max_queued) then return {0, 'full'} end
  if not status then
    local sequence = redis.call('INCR', prefix .. 'sequence')
    redis.call('HSET', job, 'content', content, 'label', label, 'trace', trace, 'sequence', sequence, 'created_at', now)
    if model ~= '' then redis.call('HSET', job, 'model', model) end
    if start ~= '' then redis.call('HSET', job, 'start', start) end
    if kind() == SIMULATIONS then redis.call('SADD', simulations_of(start), id) end
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

function actions.delete(told_s)
  if not is_seen() then return {0, false} end
  local stays = is_shared()
  each_simulation(function()
    if not stays then -- whoever asked for it, an admin or somebody before there were keys
      charge_unseen()
      remove('request', told_s)
    elseif is_seen() then
      leave(told_s)
    end
  end)
  leave(told_s)
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
