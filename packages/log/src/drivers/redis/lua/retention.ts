/** Scripts that forget: the oldest records of a log, and whole logs. Run by index.ts. */
import { createScript, type Script } from "./script.ts";

/**
 * ARGV: how many records, bytes of payload and ms are kept; each may be empty. Walks from the oldest on, so that it costs what it
 * removes, not what it keeps. Returns 1 if it is to be called again: not to keep Redis from others for long.
 */
export const trim: Script = createScript(`
local head = find()
if not head then return 0 end
local maxCount, maxBytes, maxAge = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local upTo, upToEpoch, bytes, removed, more = head.trimmed, head.trimmedEpoch, head.bytes, 0, true

local function isOver(entry)
  if head.seq - upTo <= 1 then return false end
  return (maxCount and head.seq - upTo > maxCount) or (maxBytes and bytes > maxBytes)
    or (maxAge and head.born + entry[2][2] < now - maxAge)
end

while more and removed < 5000 do
  local entries = redis.call('XRANGE', KEYS[2], int(upTo + 1) .. '-0', '+', 'COUNT', 64)
  more = #entries > 0
  for _, entry in ipairs(entries) do
    if not isOver(entry) then
      more = false
      break
    end
    local seq, epoch = string.match(entry[1], '^(%d+)-(%d+)$')
    upTo, upToEpoch = tonumber(seq), tonumber(epoch)
    bytes = bytes - #entry[2][4]
    removed = removed + 1
  end
end
if removed > 0 then
  redis.call('XTRIM', KEYS[2], 'MINID', int(upTo + 1) .. '-0')
  redis.call('HSET', KEYS[1], 'trimmed', int(upTo), 'trimmedEpoch', int(upToEpoch), 'bytes', int(bytes))
end
return more and 1 or 0
`);

/**
 * ARGV: after how many ms the log is gone. Its epoch is kept for an hour longer: by the clock alone a log of the same name could get
 * the same one, where many have held its lease or the clock was set back.
 */
export const expire: Script = createScript(`
local head = find()
local ttl, epochMs = tonumber(ARGV[1]), 3600000
if ttl > 0 then
  if not head then return end
  redis.call('HSET', KEYS[1], 'expires', int(now + ttl))
  redis.call('PEXPIREAT', KEYS[1], int(now + ttl + epochMs))
  redis.call('PEXPIREAT', KEYS[2], int(now + ttl))
  return
end
if head then
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', int(head.epoch), 'expires', int(now))
  redis.call('PEXPIRE', KEYS[1], epochMs)
end
redis.call('PUBLISH', KEYS[1], 'remove')
`);
