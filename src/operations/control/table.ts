import { completeBatchTest, stepBatchTest, waitForBatchTest } from './batch-tests.js';
import { addCallRule, deleteCallRule, deleteCallRules, listCallRules } from './call-rules.js';
import { addChatRule, deleteChatRule, deleteChatRules, listChatRules } from './chat-rules.js';
import { getConversation } from './conversation.js';
import {
  answerCall,
  endCall,
  explainCall,
  hangUpCall,
  joinWebCall,
  leaveWebCall,
  sayInCall,
} from './calls.js';
import { advanceClock, getClock, setClock } from './clock.js';
import type { ControlOperation, ControlOperationId } from './control-operation.js';
import {
  countDeliveries,
  findDeliveries,
  findNearDeliveries,
  listDeliveries,
  waitForDeliveries,
} from './deliveries.js';
import { receiveCall } from './inbound-calls.js';
import {
  addOutcomeRule,
  deleteOutcomeRule,
  deleteOutcomeRules,
  explainTestRun,
  listOutcomeRules,
} from './outcomes.js';
import {
  countRequests,
  findNearMisses,
  findRequests,
  listRequests,
  waitForRequests,
} from './requests.js';
import { changeSettings, getSettings } from './settings.js';
import { addFault, deleteFault, deleteFaults, getCredit, listFaults, setCredit } from './faults.js';
import { exportWorkspace, loadFixtures } from './fixtures.js';
import {
  deleteSnapshot,
  listSnapshots,
  resetWorkspace,
  restoreSnapshot,
  takeSnapshot,
} from './state.js';
import { forgeWebhook, redeliverWebhook, sendWebhook } from './webhooks.js';
import { changeWorkspace, getWorkspace, listWorkspaces } from './workspaces.js';

/** Every operation of openapi/control.yaml that is about a workspace. */
export const controlTable = {
  getClock,
  setClock,
  advanceClock,
  getSettings,
  changeSettings,
  addOutcomeRule,
  listOutcomeRules,
  deleteOutcomeRule,
  deleteOutcomeRules,
  explainTestRun,
  addCallRule,
  listCallRules,
  deleteCallRule,
  deleteCallRules,
  addChatRule,
  listChatRules,
  deleteChatRule,
  deleteChatRules,
  receiveCall,
  explainCall,
  getConversation,
  answerCall,
  joinWebCall,
  leaveWebCall,
  sayInCall,
  hangUpCall,
  endCall,
  stepBatchTest,
  completeBatchTest,
  waitForBatchTest,
  addFault,
  listFaults,
  deleteFault,
  deleteFaults,
  getCredit,
  setCredit,
  listRequests,
  countRequests,
  findRequests,
  findNearMisses,
  waitForRequests,
  loadFixtures,
  exportWorkspace,
  resetWorkspace,
  listSnapshots,
  takeSnapshot,
  restoreSnapshot,
  deleteSnapshot,
  listWorkspaces,
  getWorkspace,
  changeWorkspace,
  listDeliveries,
  countDeliveries,
  findDeliveries,
  findNearDeliveries,
  waitForDeliveries,
  sendWebhook,
  forgeWebhook,
  redeliverWebhook,
} satisfies { [Id in ControlOperationId]: ControlOperation<Id> };
