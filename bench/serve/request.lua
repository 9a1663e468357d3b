-- wrk sends one request over and over: the body is the file BODY; JSON_NBYTES, when it is
-- set, says how much of it is JSON. What is not answered with 200 is counted.
wrk.method = "POST"
local file = assert(io.open(os.getenv("BODY"), "rb"))
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = "application/json"
if os.getenv("JSON_NBYTES") then
    wrk.headers["Content-Type"] = "application/octet-stream"
    wrk.headers["Inference-Header-Content-Length"] = os.getenv("JSON_NBYTES")
end

function done(summary, latency)
    local errors = summary.errors
    print(string.format("result %.1f %.3f %.3f %d",
        summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
