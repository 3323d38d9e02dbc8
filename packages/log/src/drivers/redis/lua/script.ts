/** A Lua script and its name at Redis. Made in lua/*, run by store.ts. */
import { createHash } from "node:crypto";

export interface Script {
  text: string;
  /** SHA-1 of the text: by it Redis knows the script that it was sent once. */
  sha: string;
}

/**
 * Begins each script. Of those of a log KEYS[1] is the head, KEYS[2] the records. `find` returns the head of a log that exists, else
 * what is left of one that has expired; `create` makes a log in its place; `add` appends a record, and `keep` writes down that it has.
 */
const prelude = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local fields = { 'epoch', 'seq', 'bytes', 'trimmed', 'trimmedEpoch', 'born', 'stop', 'ttl', 'deadline', 'expires' }

local function int(number)
  return string.format('%.0f', number)
end

local function find()
  local values = redis.call('HMGET', KEYS[1], 'token', 'history', unpack(fields))
  if not values[3] then return nil, nil end
  local head = { token = values[1], history = values[2] }
  for index, field in ipairs(fields) do
    head[field] = tonumber(values[index + 2] or 0)
  end
  if head.expires > 0 and head.expires <= now then return nil, head end
  return head, nil
end

local function create(old, history)
  local epoch = now
  if old and old.epoch >= now then epoch = old.epoch + 1 end
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', int(epoch), 'born', int(now), 'history', history)
  return { epoch = epoch, seq = 0, bytes = 0, trimmed = 0, trimmedEpoch = 0, born = now, stop = 0, ttl = 0, deadline = 0,
    expires = 0, history = history }
end

-- The next epoch. After a restart or a failover the last one may have been lost with what was written under it: the clock is beyond it.
local function advance(head, history)
  local epoch = head.epoch + 1
  if head.history ~= history and epoch < now then epoch = now end
  head.epoch = epoch
  head.history = history
  redis.call('HSET', KEYS[1], 'epoch', int(epoch), 'history', history)
end

-- For one of many writers: the log that is there, or a new one.
local function share(head, old, history)
  if not head then return create(old, history) end
  if head.ttl == 0 and head.history ~= history then advance(head, history) end
  return head
end

local function add(head, payload)
  head.seq = head.seq + 1
  head.bytes = head.bytes + #payload
  redis.call('XADD', KEYS[2], int(head.seq) .. '-' .. int(head.epoch), 't', int(now - head.born), 'p', payload)
end

local function keep(head)
  redis.call('HSET', KEYS[1], 'seq', int(head.seq), 'bytes', int(head.bytes))
  if head.expires > 0 then redis.call('PEXPIREAT', KEYS[2], int(head.expires)) end
end
`;

export function createScript(body: string): Script {
  const text = prelude + body;
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}
