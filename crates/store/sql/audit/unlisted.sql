-- Chains that may have grown: those that have not ended, and any of a node that was seen since $2.
SELECT writer.writer, writer.first_sequence, writer.listed, writer.ended_at, node.seen_at,
    (SELECT line.sequence FROM audit_line AS line WHERE line.tenant_id = writer.tenant_id
        AND line.writer = writer.writer ORDER BY line.sequence DESC LIMIT 1),
    (SELECT line.hash FROM audit_line AS line WHERE line.tenant_id = writer.tenant_id
        AND line.writer = writer.writer ORDER BY line.sequence DESC LIMIT 1)
FROM audit_writer AS writer LEFT JOIN node ON node.id = writer.node_id
WHERE writer.tenant_id = $1 AND (writer.ended_at IS NULL OR node.seen_at >= $2)
ORDER BY writer.opened_at, writer.writer
