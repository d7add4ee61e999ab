import type { CallPlan } from '../../domain/calls/call.js';
import type { CallAgent } from '../../domain/calls/call-agent.js';
import type { CallCourse, CallDetails, LlmDetails } from '../../domain/calls/call-record.js';
import type { CallFacts } from '../../domain/calls/call-rule.js';
import { serverUrlOf } from '../../domain/custom-llm/server-url.js';
import type { Draw } from '../../random.js';
import { takeCallRule } from '../../simulation/calls/call-rules.js';
import { planCourse, schedulePast, scheduleCourse } from '../../simulation/calls/course.js';
import {
  hasConversation,
  scheduleLive,
  scheduleLivePast,
  toLiveCourse,
} from '../../simulation/calls/custom-llm/session-plan.js';
import type { CallContext } from '../../simulation/calls/call-context.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoreWriter } from '../../store/store.js';
import type { Progression } from '../../workspace/settings.js';
import { warning, type Caller, type Services } from '../operation.js';
import type { CallRequest } from './call-request.js';

/** How a new call goes. */
export interface PlannedCall {
  /** Undefined if it is moved by hand. */
  readonly course?: CallCourse | undefined;
  /** Undefined if the emulator holds the conversation. */
  readonly llm?: LlmDetails | undefined;
}

/** When what happens in a new call; nothing is planned where reads or somebody by hand move it. */
export function planOf(
  progression: Progression,
  { course, llm }: PlannedCall,
  now: number,
): CallPlan {
  if (course === undefined || progression.kind === 'polls') return { createdAt: now };
  const isPast = progression.kind === 'immediate';
  if (llm !== undefined) {
    return isPast ? scheduleLivePast(course, llm, now) : scheduleLive(course, now);
  }
  return isPast ? schedulePast(course, now) : scheduleCourse(course, now);
}

// hot path: most workspaces have no rules.
const findRule = (writer: StoreWriter, workspaceId: number, request: CallRequest) =>
  writer.callRules.list(workspaceId).length === 0
    ? undefined
    : takeCallRule(writer, workspaceId, factsOf(request));

const factsOf = ({ details, ...request }: CallRequest): CallFacts => ({
  ...request,
  callType: request.origin === 'web' ? 'web_call' : 'phone_call',
  direction: request.origin === 'web' ? undefined : request.direction,
  metadata: details.metadata ?? {},
  dynamicVariables: details.variables ?? {},
});

interface PlanParts {
  readonly agent: CallAgent;
  readonly isOverLimit: boolean;
  readonly progression: Progression;
  readonly draw: Draw;
  /** How it goes if the client's own server holds the conversation; undefined if it does not. */
  readonly heldByServer: (course: CallCourse | undefined) => PlannedCall | undefined;
}

/** Decides how a new call goes, and how it would go if there were room for it. */
export function planCall(
  writer: StoreWriter,
  { id, settings }: Workspace,
  request: CallRequest,
  { isOverLimit, progression, heldByServer, ...parts }: PlanParts,
): PlannedCall & Pick<CallDetails, 'waiting'> {
  const { origin, toNumber, fallbackNumber } = request;
  const input = { ...parts, origin, toNumber, fallbackNumber, settings: settings.calls };
  const planned = (): PlannedCall => {
    if (progression.kind === 'manual') return heldByServer(undefined) ?? {};
    const byRule = findRule(writer, id, request);
    const course = planCourse({ ...input, isOverLimit: false, byRule });
    return heldByServer(course) ?? { course };
  };
  if (!isOverLimit) return planned();
  const course = planCourse({ ...input, isOverLimit, byRule: undefined });
  // Documented: a call that comes in waits for room. Where reads move it, no time passes to wait.
  const waits =
    origin === 'inbound' && (progression.kind === 'time' || progression.kind === 'manual');
  if (!waits) return { course };
  const { course: later, llm } = planned();
  return {
    course,
    waiting: { ...(later && { course: later }), ...(llm && { customLlm: llm }) },
  };
}

interface ServerCall {
  /** Undefined if it is moved by hand. */
  readonly course: CallCourse | undefined;
  readonly callId: string;
  readonly context: CallContext;
  readonly variables: Readonly<Record<string, string>>;
  readonly progression: Progression;
}

/** How a call goes if the server of its agent's custom LLM holds it; undefined if the emulator does. */
export function planByServer(
  { llmSessions }: Services,
  caller: Caller,
  { settings }: Workspace,
  { course, callId, context: { agent, serverUrl }, variables, progression }: ServerCall,
): PlannedCall | undefined {
  const { customLlm } = settings.calls;
  if (serverUrl === undefined || customLlm === 'simulate') return undefined;
  if (course !== undefined && !hasConversation(course)) return undefined;
  const url = serverUrlOf(serverUrl, { ...variables, call_id: callId }, callId);
  const problem =
    url === undefined
      ? 'it is not a ws or wss URL'
      : progression.kind === 'polls'
        ? 'reads move this call on, and a server cannot keep to these'
        : llmSessions.refuse(url);
  if (url !== undefined && (problem === undefined || customLlm === 'connect')) {
    return toLiveCourse(course, agent, url);
  }
  caller.warnLater?.(
    warning(
      `response_engine/llm_websocket_url: ${problem ?? ''}. The conversation is made up; ` +
        'customLlm "simulate" asks for that, "connect" lets such calls fail.',
    ),
  );
  return undefined;
}
