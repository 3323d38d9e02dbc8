/** Scripts that change nothing: a page after a position, and the state of a log. Run by index.ts. */
import { createScript, type Script } from "./script.ts";

/**
 * ARGV: epoch and seq of the position, how many records, how many bytes of payload (never fewer than its UTF-16 units).
 * Returns `{"diverged"}`, `{"expired"}` or `{"records", epoch, payload, epoch, payload, …}`.
 */
export const read: Script = createScript(`
local head = find()
local seq = tonumber(ARGV[2])
if not head then return { seq == 0 and 'records' or 'diverged' } end
if seq > head.seq then return { 'diverged' } end
if seq < head.trimmed then return { 'expired' } end
if seq > 0 then
  local id = ARGV[2] .. '-' .. ARGV[1]
  local mine
  if seq == head.trimmed then
    mine = int(head.trimmedEpoch) == ARGV[1]
  else
    mine = #redis.call('XRANGE', KEYS[2], id, id) == 1
  end
  if not mine then return { 'diverged' } end
end

local page, bytes = { 'records' }, 0
local left, maxBytes = tonumber(ARGV[3]), tonumber(ARGV[4])
-- A few at first: who follows live wants no more, and of large ones not many are wanted.
local chunk = 8
while seq < head.seq and left > 0 do
  local entries = redis.call('XRANGE', KEYS[2], int(seq + 1) .. '-0', '+', 'COUNT', math.min(left, chunk))
  -- The head tells of records that are not there: somebody else has deleted them.
  if #entries == 0 then return { 'diverged' } end
  for _, entry in ipairs(entries) do
    local entrySeq, epoch = string.match(entry[1], '^(%d+)-(%d+)$')
    seq = seq + 1
    if tonumber(entrySeq) ~= seq then return { 'diverged' } end
    local payload = entry[2][4]
    bytes = bytes + #payload
    if #page > 1 and bytes > maxBytes then return page end
    page[#page + 1] = epoch
    page[#page + 1] = payload
    left = left - 1
  end
  chunk = math.min(chunk * 2, 256)
end
return page
`);

/** Returns `{epoch, seq, trimmed seq, stop}`, or nothing. */
export const head: Script = createScript(`
local head = find()
return head and { head.epoch, head.seq, head.trimmed, head.stop }
`);
