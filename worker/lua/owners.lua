-- To whom a job belongs, what it costs them, what they may have at once, and where they are told of its end.

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

local function own()
  if tenant == '' then return end
  redis.call('SADD', owners, tenant)
  enter_index_of(tenant, '*')
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

-- The jobs of all kinds that wait, of an owner or of all.
local function n_waiting(owner)
  return redis.call('ZCARD', index('queued', nil, owner, '')) + redis.call('ZCARD', index('queued', nil, owner, SIMULATIONS))
end

-- Which of the tenant's limits keeps it from one more job that waits, or is being solved; nil for none.
local function limit_reached(waits)
  if tenant == '' then return nil end
  if waits and n_waiting(tenant) >= max_waiting then return 'waiting' end
  if tonumber(redis.call('GET', spent(tenant)) or 0) >= max_seconds then return 'seconds' end
end

local function is_full(max_queued)
  return n_waiting() >= tonumber(max_queued)
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

local function send(url, status)
  local message = 'msg_' .. id .. '_' .. redis.call('INCR', prefix .. 'messages')
  redis.call('HSET', prefix .. 'message:' .. message, 'url', url, 'job', id, 'status', status, 'at', now)
  redis.call('ZADD', prefix .. 'outbox', string.format('%.6f', clock()), message)
end

local function has_room_for(url, most)
  return url == '' or redis.call('SISMEMBER', webhooks, tenant .. ' ' .. url) == 1 or #urls(tenant) < tonumber(most)
end

-- One that comes when the job is over is told at once; one that is there already is not told twice of the same end.
local function add_webhook(url)
  if url == '' or redis.call('SADD', webhooks, tenant .. ' ' .. url) == 0 then return end
  if is_over(get('status')) then send(url, get('status')) end
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
