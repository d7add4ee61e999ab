// Starts the application: RETELL_API_KEY=… AGENT_ID=… FROM_NUMBER=+1… node server.js
import Retell from 'retell-sdk';
import { buildApp } from './app.js';
import { Reminders } from './reminders.js';

const { RETELL_API_KEY: apiKey, RETELL_BASE_URL: baseURL } = process.env;
const { AGENT_ID: agentId, FROM_NUMBER: fromNumber, PORT = '3000' } = process.env;
const client = new Retell({ apiKey, baseURL });
const reminders = new Reminders({ client, agentId, fromNumber });
const report = (error) => console.error(error);
setInterval(() => reminders.tick().catch(report), 60_000);
setInterval(() => reminders.reconcile().catch(report), 3_600_000);
console.log(await buildApp({ reminders, apiKey }).listen({ port: Number(PORT) }));
