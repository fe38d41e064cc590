-- Checkpoints: up to which line one lists a chain, and since when a chain counts as ended.

ALTER TABLE audit_writer ADD COLUMN listed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audit_writer ADD COLUMN ended_at BIGINT;
