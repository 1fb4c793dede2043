path "secret/data/orders-db" { capabilities = ["read"] }
