import { describe, expect, it } from 'vitest';
import { newTool } from '../../../src/domain/engines/engine-tool.js';
import { requestedTools } from '../../../src/simulation/conversation/requested-tools.js';
import { toolDemands } from '../../../src/simulation/conversation/tool-demands.js';
import { indexTools } from '../../../src/simulation/conversation/tool-index.js';

const index = indexTools([
  newTool('book_appointment', 'custom', { description: 'Books a visit at the clinic' }),
  newTool('cancelAppointment', 'custom', {}),
  newTool('check_availability', 'check_availability_cal', {}),
  newTool('transfer_to_billing', 'transfer_call', {}),
  newTool('transfer_call', 'transfer_call', {}),
  newTool('send_sms', 'send_sms', {}),
  newTool('get_order_status', 'custom', {}),
  newTool('create_refund', 'custom', {}),
  newTool('end_call', 'end_call', {}),
  newTool('search', 'custom', { description: 'Searches the catalogue' }),
]);

describe('a metric', () => {
  it.each([
    // By name.
    ['The agent calls book_appointment', ['book_appointment'], []],
    ['Calls book_appointment with the right date', ['book_appointment'], []],
    ['book_appointment was called', ['book_appointment'], []],
    ['The tool `end_call` is invoked at the end', ['end_call'], []],
    ['The agent uses the search tool', ['search'], []],
    ['The agent must call check_availability before book_appointment', 2, []],
    ['The agent does not call transfer_call', [], ['transfer_call']],
    ['transfer_call is not called', [], ['transfer_call']],
    ['Never uses the transfer_call tool', [], ['transfer_call']],
    ['The agent answers without calling get_order_status', [], ['get_order_status']],
    ['Agent should not call cancel_appointment', [], ['cancelAppointment']],
    ['Calls book_appointment without calling create_refund', 1, ['create_refund']],
    // By what it does.
    ['The agent books the appointment', ['book_appointment'], []],
    ['The agent successfully books an appointment for the caller', ['book_appointment'], []],
    ['The agent was able to schedule the appointment', ['book_appointment'], []],
    ['The appointment was booked', ['book_appointment'], []],
    ['An appointment is not booked', [], ['book_appointment']],
    ['The agent confirms the date and books the appointment', ['book_appointment'], []],
    ['The agent verifies the date before booking the appointment', ['book_appointment'], []],
    ['The agent never books an appointment', [], ['book_appointment']],
    ["Agent doesn't book the appointment", [], ['book_appointment']],
    ['The agent must not cancel the appointment', [], ['cancelAppointment']],
    ['Cancels the appointment', ['cancelAppointment'], []],
    ['The agent transfers the caller to billing', ['transfer_to_billing'], []],
    ['The agent must not transfer', [], ['transfer_to_billing', 'transfer_call']],
    ['The agent should never transfer the call to a human', [], 2],
    ['The caller is transferred to billing', ['transfer_to_billing'], []],
    ['The agent escalates the call', 2, []],
    ['The agent ends the call politely', ['end_call'], []],
    ['The agent never hangs up on the caller', [], ['end_call']],
    ['The agent sends an SMS to the caller', ['send_sms'], []],
    ['The agent looks up the status of the order', ['get_order_status'], []],
    ['Checks the availability', ['check_availability'], []],
    ['The agent issues a refund', [], []],
    ['The agent creates the refund', ['create_refund'], []],
    ['The agent solves it without transferring the caller', [], 2],
    // About no call.
    ['The agent is polite', [], []],
    ['The agent asks whether to book the appointment', [], []],
    ['The agent offers to transfer the call', [], []],
    ['The agent confirms the appointment', [], []],
    ['The agent calls the customer by name', [], []],
    ['The agent never gives medical advice', [], []],
    ['', [], []],
  ] as const)('%j asks for %j and forbids %j', (metric, asked, forbidden) => {
    const found = toolDemands(metric, index);
    const names = (tools: typeof found.asked, expected: number | readonly string[]) =>
      typeof expected === 'number' ? tools.length : tools.map(({ name }) => name);
    expect([names(found.asked, asked), names(found.forbidden, forbidden)]).toEqual([
      asked,
      forbidden,
    ]);
  });

  it('that forbids something under a condition is recognised', () => {
    const found = toolDemands('Never books the appointment before the date is confirmed', index);
    expect(found).toMatchObject({ asked: [], conditional: true });
    expect(found.forbidden.map(({ name }) => name)).toEqual(['book_appointment']);
    expect(toolDemands('Never books the appointment', index).conditional).toBe(false);
  });
});

describe('a story', () => {
  it.each([
    ['You want to book an appointment.', ['check_availability', 'book_appointment']],
    ['You want to cancel your appointment.', ['cancelAppointment']],
    ['You want to cancel. You do not want to book anything.', ['cancelAppointment']],
    ['You wonder what the status of your order is.', ['get_order_status']],
    ['You want to speak to a person from billing.', ['transfer_to_billing']],
    ['You want to know whether there is a free slot.', ['check_availability']],
    ['You just say hello and goodbye.', []],
    ['', []],
  ])('%j asks for %j', (text, expected) => {
    expect(requestedTools(text, index).map(({ name }) => name)).toEqual(expected);
  });

  it('asks for tools in its own order, and not in that of the tools', () => {
    const text = 'Cancel my order, then send me an SMS, then create the refund.';
    const names = ['create_refund', 'cancel_order', 'send_sms'];
    const tools = names.map((name) => newTool(name, 'custom', {}));
    const expected = ['cancel_order', 'send_sms', 'create_refund'];
    for (const order of [tools, tools.toReversed()]) {
      expect(requestedTools(text, indexTools(order)).map(({ name }) => name)).toEqual(expected);
    }
  });
});
