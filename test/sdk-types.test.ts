import type Retell from 'retell-sdk';
import type OlderRetell from 'retell-sdk-4';
import { describe, expectTypeOf, it } from 'vitest';
import type { OperationRequest, OperationResult } from '../src/contract/operation.js';
import type { operations } from '../src/contract/retell.gen.js';

type Body<Id extends keyof operations> = OperationRequest<operations, Id>['body'];
type Query<Id extends keyof operations> = OperationRequest<operations, Id>['query'];
type Answer<Id extends keyof operations> = OperationResult<operations, Id>;

type First<Method extends (...args: never[]) => unknown> = NonNullable<Parameters<Method>[0]>;
type Second<Method extends (...args: never[]) => unknown> = NonNullable<Parameters<Method>[1]>;
type Received<Method extends (...args: never[]) => unknown> = Awaited<ReturnType<Method>>;

type Llm = Retell['llm'];
type Flow = Retell['conversationFlow'];
type Agent = Retell['agent'];

/** What the SDK's users may send is what the emulator takes. */
describe('types of the SDK and of the contract, of engines and agents,', () => {
  it('agree on requests', () => {
    expectTypeOf<First<Llm['create']>>().toExtend<Body<'createRetellLLM'>>();
    expectTypeOf<Omit<Second<Llm['update']>, 'version'>>().toExtend<Body<'updateRetellLLM'>>();
    expectTypeOf<First<Flow['create']>>().toExtend<Body<'createConversationFlow'>>();
    expectTypeOf<Omit<Second<Flow['update']>, 'version'>>().toExtend<
      Body<'updateConversationFlow'>
    >();
    expectTypeOf<First<Agent['create']>>().toExtend<Body<'createAgent'>>();
    expectTypeOf<Omit<Second<Agent['update']>, 'version'>>().toExtend<Body<'updateAgent'>>();
    expectTypeOf<Second<Agent['createVersion']>>().toExtend<Body<'createAgentVersion'>>();
    expectTypeOf<Second<Agent['publish']>>().toExtend<Body<'publishAgentVersion'>>();
    expectTypeOf<Second<Agent['retrieve']>>().toExtend<Query<'getAgent'>>();
    expectTypeOf<Second<Llm['retrieve']>>().toExtend<Query<'getRetellLLM'>>();
    expectTypeOf<Second<Llm['delete']>>().toExtend<Query<'deleteRetellLLM'>>();
    expectTypeOf<Second<Flow['delete']>>().toExtend<Query<'deleteConversationFlow'>>();
    expectTypeOf<First<Llm['list']>>().toExtend<Query<'listRetellLLMV2'>>();
    expectTypeOf<First<Flow['list']>>().toExtend<Query<'listConversationFlowsV2'>>();
    expectTypeOf<Second<Agent['listVersions']>>().toExtend<Query<'listAgentVersions'>>();
    expectTypeOf<Pick<First<Agent['list']>, 'filter_criteria'>>().toExtend<
      NonNullable<operations['listAgentsV2']['requestBody']>['content']['application/json']
    >();
    expectTypeOf<Omit<Second<Retell['playground']['completion']>, 'version'>>().toExtend<
      Omit<Body<'createPlaygroundCompletion'>, 'tool_mocks'>
    >();
  });

  it('agree on answers', () => {
    expectTypeOf<Received<Llm['retrieve']>>().toExtend<Answer<'getRetellLLM'>>();
    expectTypeOf<Received<Llm['list']>>().toExtend<Answer<'listRetellLLMV2'>>();
    expectTypeOf<Received<Flow['retrieve']>>().toExtend<Answer<'getConversationFlow'>>();
    expectTypeOf<Received<Flow['list']>>().toExtend<Answer<'listConversationFlowsV2'>>();
    expectTypeOf<Received<Agent['retrieve']>>().toExtend<Answer<'getAgent'>>();
    expectTypeOf<Received<Agent['list']>>().toExtend<Answer<'listAgentsV2'>>();
    expectTypeOf<Answer<'listAgentsV2'>>().toExtend<Received<Agent['list']>>();
    expectTypeOf<Received<Agent['getVersions']>>().toExtend<Answer<'getAgentVersions'>>();
    expectTypeOf<Answer<'listAgentVersions'>>().toExtend<Received<Agent['listVersions']>>();
    expectTypeOf<Received<Retell['playground']['completion']>>().toExtend<
      Answer<'createPlaygroundCompletion'>
    >();
    // What tests read of them has the very types of the SDK.
    type Read<Value> = Pick<
      Value & { version?: number; is_published?: boolean },
      'version' | 'is_published'
    >;
    expectTypeOf<Read<Answer<'getRetellLLM'>>>().toExtend<Read<Received<Llm['retrieve']>>>();
    expectTypeOf<Read<Answer<'getAgent'>>>().toExtend<Read<Received<Agent['retrieve']>>>();
    expectTypeOf<Answer<'getAgent'>['response_engine']>().toExtend<
      Received<Agent['retrieve']>['response_engine']
    >();
    expectTypeOf<Answer<'getRetellLLM'>['last_modification_timestamp']>().toEqualTypeOf<
      Received<Llm['retrieve']>['last_modification_timestamp']
    >();
  });
});

type Calls = Retell['call'];
type Chats = Retell['chat'];
type Numbers = Retell['phoneNumber'];
/** What the SDK has for an answer without a body. */
type Nothing<Method extends (...args: never[]) => unknown> = Received<Method> | undefined;
/** The SDK has `unknown` where the reference has an object. */
type WithoutMetadata<Value> = Omit<Value, 'metadata'>;

describe('types of the SDK and of the contract, of phone numbers and calls,', () => {
  it('agree on what is sent', () => {
    expectTypeOf<First<Numbers['create']>>().toExtend<Body<'createPhoneNumber'>>();
    expectTypeOf<First<Numbers['import']>>().toExtend<Body<'importPhoneNumber'>>();
    expectTypeOf<Second<Numbers['update']>>().toExtend<Body<'updatePhoneNumber'>>();
    expectTypeOf<First<Numbers['list']>>().toExtend<Query<'listPhoneNumbersV2'>>();
    expectTypeOf<WithoutMetadata<First<Calls['createPhoneCall']>>>().toExtend<
      WithoutMetadata<Body<'createPhoneCall'>>
    >();
    expectTypeOf<WithoutMetadata<First<Calls['registerPhoneCall']>>>().toExtend<
      WithoutMetadata<Body<'registerPhoneCall'>>
    >();
    expectTypeOf<WithoutMetadata<First<Calls['createWebCall']>>>().toExtend<
      WithoutMetadata<Body<'createWebCall'>>
    >();
    expectTypeOf<WithoutMetadata<Second<Calls['update']>>>().toExtend<
      WithoutMetadata<Body<'updateCall'>>
    >();
    expectTypeOf<Second<Calls['updateLive']>['call_control']>().toExtend<
      Body<'updateLiveCall'>['call_control']
    >();
    expectTypeOf<First<Calls['list']>>().toExtend<NonNullable<Body<'listCallsV3'>>>();
    expectTypeOf<First<OlderRetell['call']['list']>>().toExtend<NonNullable<Body<'listCallsV2'>>>();
  });

  it('agree on what is answered', () => {
    expectTypeOf<Answer<'getPhoneNumber'>>().toExtend<Received<Numbers['retrieve']>>();
    expectTypeOf<Received<Numbers['retrieve']>>().toExtend<Answer<'getPhoneNumber'>>();
    expectTypeOf<Answer<'listPhoneNumbersV2'>>().toExtend<Received<Numbers['list']>>();
    expectTypeOf<Answer<'createPhoneNumber'>>().toExtend<Received<Numbers['create']>>();
    expectTypeOf<Answer<'importPhoneNumber'>>().toExtend<Received<Numbers['import']>>();
    expectTypeOf<Answer<'updatePhoneNumber'>>().toExtend<Received<Numbers['update']>>();
    expectTypeOf<Answer<'deletePhoneNumber'>>().toExtend<Nothing<Numbers['delete']>>();
    expectTypeOf<Answer<'createPhoneCall'>>().toExtend<Received<Calls['createPhoneCall']>>();
    expectTypeOf<Answer<'registerPhoneCall'>>().toExtend<Received<Calls['registerPhoneCall']>>();
    expectTypeOf<Answer<'updateCall'>>().toExtend<Received<Calls['update']>>();
    expectTypeOf<Answer<'rerunCallAnalysis'>>().toExtend<Received<Calls['rerunAnalysis']>>();
    expectTypeOf<Answer<'stopCall'>>().toExtend<Nothing<Calls['stop']>>();
    expectTypeOf<Answer<'listenLiveCall'>>().toExtend<Received<Calls['listenLive']>>();
    expectTypeOf<Answer<'takeOverLiveCall'>>().toExtend<Received<Calls['takeOverLive']>>();
    expectTypeOf<Answer<'deleteCall'>>().toExtend<Nothing<Calls['delete']>>();
    expectTypeOf<Answer<'createWebCall'>>().toExtend<Received<Calls['createWebCall']>>();
    expectTypeOf<Answer<'getCall'>>().toExtend<Received<Calls['retrieve']>>();
    expectTypeOf<Answer<'listCallsV3'>>().toExtend<Received<Calls['list']>>();
    expectTypeOf<Answer<'updateLiveCall'>>().toExtend<Received<Calls['updateLive']>>();
    expectTypeOf<
      WithoutMetadata<NonNullable<Second<Calls['updateLive']>['fields_to_override']>>
    >().toExtend<WithoutMetadata<NonNullable<Body<'updateLiveCall'>['fields_to_override']>>>();
    expectTypeOf<Answer<'createWebCallV2'>>().toExtend<Retell.WebCallResponse>();
    expectTypeOf<Answer<'listCallsV2'>>().toExtend<Retell.CallResponse[]>();
    expectTypeOf<Answer<'listPhoneNumbers'>>().toExtend<
      Received<OlderRetell['phoneNumber']['list']>
    >();
    expectTypeOf<Answer<'getConcurrency'>>().toExtend<
      Received<Retell['concurrency']['retrieve']>
    >();
  });
});

describe('types of the SDK and of the contract, of chats,', () => {
  it('agree on what is sent', () => {
    expectTypeOf<WithoutMetadata<First<Chats['create']>>>().toExtend<
      WithoutMetadata<Body<'createChat'>>
    >();
    expectTypeOf<WithoutMetadata<First<Chats['createSMSChat']>>>().toExtend<
      WithoutMetadata<Body<'createSMSChat'>>
    >();
    expectTypeOf<First<Chats['createChatCompletion']>>().toExtend<Body<'createChatCompletion'>>();
    expectTypeOf<WithoutMetadata<Second<Chats['update']>>>().toExtend<
      WithoutMetadata<Body<'updateChat'>>
    >();
    expectTypeOf<NonNullable<First<Chats['list']>>>().toExtend<NonNullable<Body<'listChatsV3'>>>();
  });

  it('agree on what is answered', () => {
    expectTypeOf<Answer<'createChat'>>().toExtend<Received<Chats['create']>>();
    expectTypeOf<Answer<'createSMSChat'>>().toExtend<Received<Chats['createSMSChat']>>();
    expectTypeOf<Answer<'createChatCompletion'>>().toExtend<
      Received<Chats['createChatCompletion']>
    >();
    expectTypeOf<Answer<'getChat'>>().toExtend<Received<Chats['retrieve']>>();
    expectTypeOf<Answer<'updateChat'>>().toExtend<Received<Chats['update']>>();
    expectTypeOf<Answer<'rerunChatAnalysis'>>().toExtend<Received<Chats['rerunAnalysis']>>();
    expectTypeOf<Answer<'listChatsV3'>>().toExtend<Received<Chats['list']>>();
    // The older SDK does not know all roles of messages.
    type Listed<Value> = Omit<Value, 'message_with_tool_calls'>;
    expectTypeOf<Listed<Answer<'listChat'>[number]>>().toExtend<
      Listed<Received<OlderRetell['chat']['list']>[number]>
    >();
  });
});
