-- Signed creations with wrk: LuaJIT calls HMAC of the libcrypto that wrk is linked with.
local ffi = require("ffi")
ffi.cdef [[
const void *EVP_sha256(void);
unsigned char *HMAC(const void *md, const void *key, int key_len, const char *text, size_t n, unsigned char *out, unsigned int *out_len);
]]

local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

local login, key = os.getenv("D24_DEPOSITS_API_KEY"), os.getenv("D24_DEPOSITS_API_SIGNATURE")
local before, after = os.getenv("PEER_BODY"):match("^(.*){id}(.*)$")
local sha256, sum, length = ffi.C.EVP_sha256(), ffi.new("unsigned char[32]"), ffi.new("unsigned int[1]")
local hex = {}
for i = 0, 255 do hex[i] = string.format("%02x", i) end

local n, digits = 0, {}
local headers = { ["Content-Type"] = "application/json", ["X-Login"] = login }
function request()
  n = n + 1
  local body = before .. number .. "-" .. n .. after
  local date = os.date("!%Y-%m-%dT%H:%M:%SZ")
  local text = date .. login .. body
  ffi.C.HMAC(sha256, key, #key, text, #text, sum, length)
  for i = 0, 31 do digits[i + 1] = hex[sum[i]] end
  headers["X-Date"] = date
  headers["X-Idempotency-Key"] = string.format("00000000-0000-4000-8%03d-%012d", number, n)
  headers["Authorization"] = "D24 " .. table.concat(digits)
  return wrk.format("POST", "/v3/deposits", headers, body)
end

function done(summary)
  local e = summary.errors
  io.write(string.format('{"answers":%d,"refused":%d,"broken":%d}\n', summary.requests, e.status, e.connect + e.read + e.write + e.timeout))
end
