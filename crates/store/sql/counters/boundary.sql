-- The lowest and oldest counter that is within the cap.
SELECT failures, touched_at FROM counter WHERE tenant_id = $1
ORDER BY failures DESC, touched_at DESC LIMIT 1 OFFSET $2
