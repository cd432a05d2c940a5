# Solve a model and use its policy. Needs httr2 (install.packages("httr2")); run it by Rscript solve.R.
library(httr2)
url <- Sys.getenv("SADDLEPATH_URL", "http://127.0.0.1:8000")

# What the service says where it refuses is in detail, and fault by fault in errors.
why <- function(response) resp_body_json(response, check_type = FALSE)$detail
answer <- function(request) resp_body_json(req_perform(req_error(request, body = why)), simplifyVector = TRUE)

# Solve, and wait for it up to a minute. The same request again is the same solution, at once.
solution <- request(url) |>
  req_url_path_append("v1", "solutions") |>
  req_headers(Prefer = "wait=60") |>
  req_body_json(list(model = "neoclassical", calibration = list(beta = 0.95, gamma = 2))) |>
  answer()
while (solution$status %in% c("queued", "running")) {
  solution <- answer(request(url) |> req_url_path_append(solution$links$self) |> req_url_query(wait = 60))
}
cat("solution", solution$id, solution$status, "\n")

# One state.
policy <- request(url) |> req_url_path_append(solution$links$policy)
one <- answer(policy |> req_url_query(a = 0.0, k = 4.2))
cat(sprintf("k = 4.2: i = %.15g, c = %.15g\n", one$controls$i, one$definitions$c))

# Many states: a number stands for every row.
many <- answer(policy |> req_body_json(list(states = list(a = 0.0, k = c(3.5, 4.2, 5.0)))))
print(data.frame(k = many$states$k, i = many$controls$i, c = many$definitions$c), digits = 15)

# What the policy is worth.
certificate <- answer(request(url) |> req_url_path_append(solution$links$certificate))
cat("certificate", certificate$verdict, sprintf("%.15g", certificate$euler_errors$box$max_log10), "\n")
