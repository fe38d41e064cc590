-- All writers of a tenant whose lines are kept, with the last line of each.
SELECT writer.writer, writer.node_id, writer.opened_at, writer.first_sequence,
    writer.first_previous,
    (SELECT line.sequence FROM audit_line AS line WHERE line.tenant_id = writer.tenant_id
        AND line.writer = writer.writer ORDER BY line.sequence DESC LIMIT 1),
    (SELECT line.hash FROM audit_line AS line WHERE line.tenant_id = writer.tenant_id
        AND line.writer = writer.writer ORDER BY line.sequence DESC LIMIT 1),
    writer.ended_at
FROM audit_writer AS writer WHERE writer.tenant_id = $1 ORDER BY writer.opened_at, writer.writer
