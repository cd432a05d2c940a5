# Solve a model and use its policy. Needs HTTP and JSON3 (] add HTTP JSON3); run it by julia solve.jl.
using HTTP, JSON3

const url = get(ENV, "SADDLEPATH_URL", "http://127.0.0.1:8000")
const json = ["Content-Type" => "application/json"]

# Where the service refuses, HTTP.jl throws with the answer, whose detail says why.
ask(path; query = nothing) = JSON3.read(HTTP.get(url * path; query).body)
send(path, body, headers = json) = JSON3.read(HTTP.post(url * path, headers, JSON3.write(body)).body)

# Solve, and wait for it up to a minute. The same request again is the same solution, at once.
function solve(request)
    solution = send("/v1/solutions", request, [json; "Prefer" => "wait=60"])
    while solution.status in ("queued", "running")
        solution = ask(solution.links.self; query = Dict("wait" => "60"))
    end
    solution
end

solution = solve((model = "neoclassical", calibration = (beta = 0.95, gamma = 2)))
println("solution ", solution.id, " ", solution.status)

# One state.
one = ask(solution.links.policy; query = Dict("a" => "0.0", "k" => "4.2"))
println("k = 4.2: i = ", one.controls.i, ", c = ", one.definitions.c)

# Many states: a number stands for every row.
many = send(solution.links.policy, (states = (a = 0.0, k = [3.5, 4.2, 5.0]),))
for (k, i, c) in zip(many.states.k, many.controls.i, many.definitions.c)
    println(k, " ", i, " ", c)
end

# What the policy is worth.
certificate = ask(solution.links.certificate)
println("certificate ", certificate.verdict, " ", certificate.euler_errors.box.max_log10)
