// Reminds people of their appointments by phone. Each reminder is called until somebody confirms or declines it,
// three times at most, an hour apart. What became of a call comes by webhook, or by `reconcile` if it was lost.

const hour = 3_600_000;
const maxCalls = 3;

/** How far a call is. A webhook that comes late, or twice, is not ahead of what is known. */
const progressOf = ({ call_status: status, call_analysis: analysis }) => {
  if (analysis !== undefined) return 3;
  if (status === 'registered') return 0;
  return status === 'ongoing' ? 1 : 2;
};

function outcomeOf({ custom_analysis_data: found = {} }) {
  if (typeof found.confirmed !== 'boolean') return 'unclear';
  return found.confirmed ? 'confirmed' : 'declined';
}

export class Reminders {
  #all = new Map();
  #options;

  /**
   * @param options `client` of the SDK; the `agentId` that calls from `fromNumber`; `now` returns the time;
   *   `pageSize` of lists.
   */
  constructor({ now = Date.now, pageSize = 100, ...options }) {
    this.#options = { now, pageSize, ...options };
  }

  get(id) {
    return this.#all.get(id);
  }

  async create(phone) {
    const reminder = { id: `reminder_${this.#all.size + 1}`, phone, calls: 0 };
    this.#all.set(reminder.id, reminder);
    await this.#call(reminder);
    return reminder;
  }

  async #call(reminder) {
    const { client, agentId, fromNumber } = this.#options;
    reminder.state = 'calling';
    reminder.progress = 0;
    reminder.calls += 1;
    const placed = await client.call.createPhoneCall({
      from_number: fromNumber,
      to_number: reminder.phone,
      override_agent_id: agentId,
      metadata: { reminder: reminder.id, attempt: reminder.calls },
    });
    reminder.callId = placed.call_id;
  }

  /** Takes what is known of a call, from a webhook or from the list. */
  apply(call) {
    const { reminder: id, attempt } = call.metadata ?? {};
    const reminder = this.#all.get(id);
    const progress = progressOf(call);
    if (reminder === undefined || attempt !== reminder.calls) return;
    if (progress <= reminder.progress) return;
    const isFirstEnd = reminder.progress < 2;
    reminder.progress = progress;
    if (progress === 1) reminder.state = 'talking';
    else if (call.start_timestamp === undefined) {
      if (isFirstEnd) this.#callAgain(reminder);
    } else if (progress === 2) reminder.state = 'talked';
    else reminder.state = outcomeOf(call.call_analysis);
  }

  /** Nobody answered: the next call comes in an hour. */
  #callAgain(reminder) {
    reminder.state = reminder.calls < maxCalls ? 'waiting' : 'unreached';
    reminder.nextCallAt = this.#options.now() + hour;
  }

  /** Places the calls whose time has come. To be called every minute. */
  async tick() {
    for (const reminder of this.#all.values()) {
      const isDue = reminder.state === 'waiting' && reminder.nextCallAt <= this.#options.now();
      if (isDue) await this.#call(reminder);
    }
  }

  /** Reads the calls that ended in the last day, because webhooks can be lost. To be called every hour. */
  async reconcile() {
    const { client, agentId, now, pageSize } = this.#options;
    // A call that nobody answered has no start.
    const end_timestamp = { type: 'number', op: 'ge', value: now() - 24 * hour };
    let pagination_key;
    do {
      const page = await client.call.list({
        filter_criteria: { agent: [{ agent_id: agentId }], end_timestamp },
        limit: pageSize,
        ...(pagination_key && { pagination_key }),
      });
      for (const call of page.items) this.apply(call);
      pagination_key = page.has_more ? page.pagination_key : undefined;
    } while (pagination_key !== undefined);
  }
}
