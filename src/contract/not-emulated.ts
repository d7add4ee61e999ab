/**
 * Operations that the vendor has and this emulator does not, so that a request for one can be told
 * from a slip. Source: the paths of retell-sdk 5.66.1.
 */
const operations = `
POST /add-community-voice
POST /add-knowledge-base-sources/*
POST /backfill-contact-analysis-data
POST /clone-voice
POST /create-app
POST /create-asset
POST /create-batch-call
POST /create-chat
POST /create-chat-agent
POST /create-chat-completion
POST /create-contact
POST /create-contact-import
POST /create-conversation-flow-component
POST /create-knowledge-base
POST /create-phone-number
POST /create-sms-chat
DELETE /delete-app/*
DELETE /delete-chat-agent/*
DELETE /delete-chat/*
DELETE /delete-contact/*
DELETE /delete-conversation-flow-component/*
DELETE /delete-knowledge-base-source/*/source/*
DELETE /delete-knowledge-base/*
DELETE /delete-phone-number/*
PATCH /end-chat/*
GET /get-api-key-info
GET /get-app/*
GET /get-backfill-contact-job-status
GET /get-chat-agent-versions/*
GET /get-chat-agent/*
GET /get-chat/*
GET /get-concurrency
GET /get-contact-by-phone/*
GET /get-contact-import
GET /get-contact/*
GET /get-conversation-flow-component/*
GET /get-crm-config
GET /get-crm-schema
GET /get-knowledge-base/*
GET /get-mcp-tools/*
GET /get-phone-number/*
GET /get-sync-job-status
GET /get-voice/*
POST /import-phone-number
GET /list-app-usages/*
GET /list-apps
GET /list-contact-conversations/*
POST /list-contacts
GET /list-knowledge-bases
GET /list-voices
POST /repair-agent/*
PUT /rerun-call-analysis/*
PUT /rerun-chat-analysis/*
POST /run-sync-job
POST /search-community-voice
POST /test-app-auth/*
PATCH /update-app/*
PATCH /update-chat-agent/*
PATCH /update-chat/*
PATCH /update-contact/*
PATCH /update-conversation-flow-component/*
POST /update-crm-config
PATCH /update-phone-number/*
POST /upload-contact-import-file
POST /v2/create-phone-call
POST /v2/create-web-call
DELETE /v2/delete-call/*
GET /v2/get-call/*
POST /v2/list-calls
GET /v2/list-conversation-flow-components
GET /v2/list-export-requests
GET /v2/list-phone-numbers
POST /v2/listen-live-call/*
POST /v2/register-phone-call
POST /v2/stop-call/*
POST /v2/take-over-live-call/*
PATCH /v2/update-call/*
PATCH /v2/update-live-call/*
POST /v3/create-web-call
POST /v3/list-calls
POST /v3/list-chats
`;

const known = operations
  .trim()
  .split('\n')
  .map((line) => new RegExp(`^${line.replaceAll('*', '[^/]+')}$`));

/** True for an operation that the vendor has and this emulator does not. */
export const isNotEmulated = (method: string, path: string): boolean =>
  known.some((pattern) => pattern.test(`${method} ${path}`));
