-- Steps that were burned before $2 go, a few at a time.
DELETE FROM burned_step WHERE tenant_id = $1 AND (factor_id, step) IN (
    SELECT factor_id, step FROM burned_step
    WHERE tenant_id = $1 AND burned_at < $2 ORDER BY burned_at LIMIT 500)
