-- wrk script. Arguments after "--": a file with the token, a mean pause in ms (0: none), and for POSTs the numbers of
-- benchmarks, models and datasets, the ids before the first of each, and the number of the run.
local answers = {}
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  local file = assert(io.open(arguments[1]))
  wrk.headers["Authorization"] = "Bearer " .. file:read("l")  -- beside Host, which wrk has set
  file:close()
  pause = tonumber(arguments[2])
  math.randomseed(number + 1)
  refused = 0
  if arguments[3] then
    wrk.headers["Content-Type"] = "application/json"
    benchmarks, models, datasets = tonumber(arguments[3]), tonumber(arguments[4]), tonumber(arguments[5])
    first_benchmark, first_model, first_dataset = tonumber(arguments[6]), tonumber(arguments[7]), tonumber(arguments[8])
    next_triple = tonumber(arguments[9]) + number
    request = post
  end
end

-- No triple twice: a second open result of one would be refused. Neighbours in time are far apart in the index, as
-- those of different sites are.
function post()
  local triple = next_triple
  next_triple = next_triple + 2
  local benchmark = triple % benchmarks
  local dataset = math.floor(triple / benchmarks) % datasets
  local model = math.floor(triple / benchmarks / datasets) % models
  return wrk.format("POST", nil, nil, string.format(
    '{"name":"run %d","benchmark":%d,"model":%d,"dataset":%d,"metadata":{"client":"0.1","triple":%d}}',
    triple, first_benchmark + benchmark, first_model + model, first_dataset + dataset, triple))
end

function delay()
  if pause == 0 then return 0 end
  return math.floor(2 * pause * math.random() + 0.5)
end

function done(summary, latency, requests)
  io.write(string.format('\n{"requests":%d,"seconds":%.6f,"refused":%d,"errors":%d,"p50":%d,"p99":%d,"bytes":%d}\n',
    summary.requests, summary.duration / 1e6, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99), summary.bytes))
end
