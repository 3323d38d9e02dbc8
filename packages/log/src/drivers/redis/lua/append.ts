/**
 * One append: checks epoch and seq, stores, renews the lease, tells of a stop, wakes. Run by append.ts.
 * A script is one step to everybody else: nobody can be told of a record before it is stored, or see half of an append.
 */
import { createScript, type Script } from "./script.ts";

/**
 * KEYS[3]: the writer's last batch. ARGV: expected epoch (empty: any), expected seq, history, whether the answer to a former try was lost (empty: no;
 * "1": it may be here; else: to a Redis of that history, with other payloads), ID of the batch, how long that is remembered in ms, payloads.
 * Returns `{"ok", epoch, last seq, stop}`, or `{"fenced"}` and nothing was stored.
 */
export const append: Script = createScript(`
local first = 7
local count = #ARGV - first + 1
local any, again = ARGV[1] == '', ARGV[4] == '1'
local head, old = find()
local skipped = 0

-- Whether what was stored after the expected seq are these very payloads, from the first on.
local function isStored(expected)
  local behind = head.seq - expected
  if behind < 0 or behind > count then return false end
  local entries = redis.call('XRANGE', KEYS[2], int(expected + 1) .. '-0', '+')
  if #entries ~= behind then return false end
  for index, entry in ipairs(entries) do
    if entry[1] ~= int(expected + index) .. '-' .. ARGV[1] or entry[2][4] ~= ARGV[first + index - 1] then return false end
  end
  return true
end

if any then
  local done = again and redis.call('GET', KEYS[3])
  local batch, epoch, seq
  if done then batch, epoch, seq = string.match(done, '^(%S+) (%S+) (%S+)$') end
  if batch == ARGV[5] then return { 'ok', tonumber(epoch), tonumber(seq), head and head.stop or 0 } end
  head = share(head, old, ARGV[3])
else
  if not head or int(head.epoch) ~= ARGV[1] then return { 'fenced' } end
  if not again and ARGV[4] ~= '' and ARGV[4] ~= ARGV[3] then return { 'fenced' } end
  local expected = tonumber(ARGV[2])
  if head.seq ~= expected then
    if not again or not isStored(expected) then return { 'fenced' } end
    skipped = head.seq - expected
  end
end

for index = first + skipped, #ARGV do add(head, ARGV[index]) end
keep(head)
if head.ttl > 0 then redis.call('HSET', KEYS[1], 'deadline', int(now + head.ttl)) end
if any then redis.call('SET', KEYS[3], ARGV[5] .. ' ' .. int(head.epoch) .. ' ' .. int(head.seq), 'PX', ARGV[6]) end
if count > skipped then redis.call('PUBLISH', KEYS[1], 'append') end
return { 'ok', head.epoch, head.seq, head.stop }
`);
