-- Requests for custom functions wait among the webhooks: with a method and headers of their own, and with the
-- number of retries that the tool allows. Webhooks have none of these.
ALTER TABLE deliveries ADD COLUMN tool TEXT;
ALTER TABLE deliveries ADD COLUMN method TEXT NOT NULL DEFAULT 'POST';
-- JSON: the headers of the tool.
ALTER TABLE deliveries ADD COLUMN headers TEXT;
ALTER TABLE deliveries ADD COLUMN retries INTEGER CHECK (retries >= 0);
