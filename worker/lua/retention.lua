-- What the operator's limits do to jobs that are over.

-- Deletes what is over, if it has not been used since, and, where it is to make room, if there is not enough by now.
function actions.expire(reason, seen, most_bytes, told_s)
  local status = get('status')
  if not is_over(status) then return {0, status or 'deleted'} end
  local used = redis.call('ZSCORE', prefix .. 'used', id)
  if not used or tonumber(used) > tonumber(seen) then return {0, 'used'} end
  if reason == 'size' and tonumber(redis.call('HGET', prefix .. 'sizes', '*') or 0) <= tonumber(most_bytes) then
    return {0, 'enough'}
  end
  each_simulation(function() remove(reason, told_s) end)
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
