import type Retell from 'retell-sdk';
import { describe, expectTypeOf, it } from 'vitest';
import type { OperationRequest, OperationResult } from '../../src/contract/operation.js';
import type { operations } from '../../src/contract/retell.gen.js';

type Body<Id extends keyof operations> = OperationRequest<operations, Id>['body'];
type Query<Id extends keyof operations> = OperationRequest<operations, Id>['query'];
type Answer<Id extends keyof operations> = OperationResult<operations, Id>;

type First<Method extends (...args: never[]) => unknown> = NonNullable<Parameters<Method>[0]>;
type Second<Method extends (...args: never[]) => unknown> = NonNullable<Parameters<Method>[1]>;
type Received<Method extends (...args: never[]) => unknown> = Awaited<ReturnType<Method>>;

type Voices = Retell['voice'];
type Knowledge = Retell['knowledgeBase'];
type ChatAgents = Retell['chatAgent'];
type Apps = Retell['app'];
type Crm = Retell['crm'];
type Contacts = Retell['contact'];

/** What the SDK's users may send is what the emulator takes. Files have types of their own. */
describe('types of the SDK and of the contract, of stored objects,', () => {
  it('agree on requests', () => {
    expectTypeOf<Omit<First<Voices['clone']>, 'files'>>().toExtend<
      Omit<Body<'cloneVoice'>, 'files'>
    >();
    expectTypeOf<First<Voices['search']>>().toExtend<Body<'searchCommunityVoice'>>();
    expectTypeOf<First<Voices['addResource']>>().toExtend<Body<'addCommunityVoice'>>();
    expectTypeOf<Omit<First<Knowledge['create']>, 'knowledge_base_files'>>().toExtend<
      Omit<Body<'createKnowledgeBase'>, 'knowledge_base_files'>
    >();
    expectTypeOf<Omit<Second<Knowledge['addSources']>, 'knowledge_base_files'>>().toExtend<
      Omit<Body<'addKnowledgeBaseSources'>, 'knowledge_base_files'>
    >();
    expectTypeOf<First<ChatAgents['create']>>().toExtend<Body<'createChatAgent'>>();
    expectTypeOf<Omit<Second<ChatAgents['update']>, 'version'>>().toExtend<
      Body<'updateChatAgent'>
    >();
    expectTypeOf<First<Apps['create']>>().toExtend<Body<'createApp'>>();
    expectTypeOf<Second<Apps['update']>>().toExtend<Body<'updateApp'>>();
    expectTypeOf<First<Apps['list']>>().toExtend<Query<'listApps'>>();
    expectTypeOf<First<Crm['updateConfig']>>().toExtend<Body<'updateCrmConfig'>>();
    expectTypeOf<Omit<First<Contacts['create']>, 'custom_fields'>>().toExtend<
      Omit<Body<'createContact'>, 'custom_fields'>
    >();
    expectTypeOf<First<Contacts['createImport']>>().toExtend<Body<'createContactImport'>>();
    expectTypeOf<First<Contacts['backfillAnalysisData']>>().toExtend<
      Body<'backfillContactAnalysisData'>
    >();
  });

  it('agree on answers', () => {
    expectTypeOf<Answer<'getVoice'>>().toExtend<Received<Voices['retrieve']>>();
    expectTypeOf<Answer<'listVoices'>>().toExtend<Received<Voices['list']>>();
    expectTypeOf<Answer<'searchCommunityVoice'>>().toExtend<Received<Voices['search']>>();
    expectTypeOf<Answer<'getKnowledgeBase'>>().toExtend<Received<Knowledge['retrieve']>>();
    expectTypeOf<Answer<'listKnowledgeBases'>>().toExtend<Received<Knowledge['list']>>();
    expectTypeOf<Received<ChatAgents['retrieve']>>().toExtend<Answer<'getChatAgent'>>();
    expectTypeOf<Received<ChatAgents['getVersions']>>().toExtend<Answer<'getChatAgentVersions'>>();
    expectTypeOf<Answer<'getCrmConfig'>>().toExtend<Received<Crm['getConfig']>>();
    expectTypeOf<Answer<'getCrmSchema'>>().toExtend<Received<Crm['getSchema']>>();
    expectTypeOf<Answer<'getSyncJobStatus'>>().toExtend<Received<Crm['getSyncJobStatus']>>();
    expectTypeOf<Answer<'getContact'>>().toExtend<Received<Contacts['get']>>();
    expectTypeOf<Answer<'listContacts'>>().toExtend<Received<Contacts['list']>>();
    expectTypeOf<Answer<'listExportRequests'>>().toExtend<
      Received<Retell['exportRequest']['list']>
    >();
    expectTypeOf<Answer<'getMcpTools'>>().toExtend<Received<Retell['mcpTool']['getMcpTools']>>();
    expectTypeOf<Answer<'getApiKeyInfo'>>().toExtend<Received<Retell['identity']['retrieve']>>();
    expectTypeOf<Answer<'createAsset'>>().toExtend<Received<Retell['asset']['create']>>();
    expectTypeOf<Received<Retell['conversationFlowComponent']['retrieve']>>().toExtend<
      Answer<'getConversationFlowComponent'>
    >();
  });
});
