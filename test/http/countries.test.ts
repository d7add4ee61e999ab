import { describe, expect, it } from 'vitest';
import { callsOn, listCalls, someCall } from '../support/calls.js';
import { asked, createNumber, receive } from '../support/inbound.js';

describe('a number that allows calls to some countries', () => {
  it('calls these only', async () => {
    const { client } = callsOn();
    await createNumber(client, { allowed_outbound_country_list: ['US', 'GB'] });
    const dial = (to_number: string) =>
      client.send({
        method: 'POST',
        url: '/v2/create-phone-call',
        payload: { ...someCall, to_number },
      });
    for (const to of ['+12137774445', '+12015550100', '+442071234567']) {
      expect((await dial(to)).status).toBe(201);
    }
    for (const [to, told] of [
      ['+14165550123', 'body/to_number is a number of CA'],
      ['+493012345678', 'body/to_number is a number of DE'],
      ['+9991234567', 'body/to_number is of no country'],
    ] as const) {
      expect(await dial(to)).toMatchObject({
        status: 400,
        body: {
          message: expect.stringContaining(
            `${told}, and allowed_outbound_country_list has only US, GB`,
          ) as string,
        },
      });
    }
    expect((await listCalls(client)).items).toHaveLength(3);
  });

  it.each([null, []])('calls every country if the list is %j', async (list) => {
    const { client } = callsOn();
    await createNumber(client, { allowed_outbound_country_list: list });
    await client.call('POST', '/v2/create-phone-call', { ...someCall, to_number: '+493012345678' });
  });
});

describe('a number that takes calls from some countries', () => {
  it('rejects others before anybody is asked, and leaves no call', async () => {
    const answers = [[200, { call_inbound: {} }]] as const;
    const number = { allowed_inbound_country_list: ['US'] };
    const { client, receiver } = await asked(answers, { number });
    const rejected = await receive(client, { from_number: '+442071234567' });
    expect(rejected).toMatchObject({
      ...{ outcome: 'rejected', decidedBy: 'number', webhook: null, call: null },
      warnings: ['from_number is a number of GB, and allowed_inbound_country_list has only US'],
    });
    expect(receiver.received).toEqual([]);
    expect((await listCalls(client)).items).toEqual([]);
    expect(await receive(client, { from_number: '+12137774445' })).toMatchObject({
      outcome: 'taken',
    });
    expect(receiver.received).toHaveLength(1);
  });
});
