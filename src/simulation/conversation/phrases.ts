/** What is said, in templates of our own. `{}` is where a clause goes. */
export const phrases = {
  greeting: [
    'Hello, thank you for calling. How can I help you today?',
    'Good morning, you have reached the front desk. What can I do for you?',
    'Hi there! What can I help you with?',
  ],
  understood: [
    'I see. Let me take care of that.',
    'Thank you for explaining. Let us go through it.',
    'All right, I am happy to help you with that.',
  ],
  lookUp: ['Can you look that up, please?', 'Please go ahead.', 'Yes, please check that for me.'],
  /** Before a call. */
  announce: ['One moment, please.', 'Let me check that.', 'Give me a second, I am on it.'],
  putThrough: [
    'Of course, I will put you through. One moment, please.',
    'Certainly, let me connect you.',
    'I will transfer you now. Please hold.',
  ],
  handOver: [
    'Then I would like to speak with somebody, please.',
    'Could you put me through to a person?',
    'Please connect me with somebody who can help.',
  ],
  goOn: ['Okay.', 'Yes, that is right.', 'Sure, go ahead.', 'All right.', 'Yes, please.'],
  /** Before the conversation enters a global node. */
  saysAside: ['One more thing: {}.', 'Something else came up: {}.'],
  asks: [
    'Could you tell me a bit more about that?',
    'Got it. Is there anything I should know before we go on?',
    'Thank you. May I go on?',
    'Understood. Does that work for you so far?',
  ],
  done: [
    'That is done.',
    'Good news, that is done for you.',
    'All set, I have taken care of that.',
  ],
  /** What the user says when the agent does not answer. */
  stillThere: ['Hello? Are you still there?', 'Can you hear me?', 'Hello? Is anybody there?'],
  /** What an agent that is caught in a loop says, and what the user says to that. */
  repeats: [
    'I am sorry, could you please repeat that?',
    'I did not catch that. How can I help you today?',
    'Let me check that for you. What can I do for you?',
  ],
  saysAgain: [
    'As I said, it is about this: {}',
    'I have just told you. {}',
    'We have been there already. {}',
    'Again: {}',
  ],
  toolWorked: [
    'Thank you for waiting. I have what I need.',
    'Good, that went through.',
    'Thanks for your patience, that worked.',
  ],
  toolFailed: [
    'I am sorry, that did not go through.',
    'Unfortunately, that did not work.',
    'I could not get that done, I am afraid.',
  ],
  askToDo: ['Can you {}?', 'Could you please {}?', 'I would like you to {}.'],
  doesIt: ['Of course, I can {}. That is done.', 'Certainly, I will {} right away.'],
  leavesIt: [
    'I am sorry, I cannot {} right now.',
    'Let us leave that aside for now.',
    'I am not sure what you mean. Shall we move on?',
  ],
  tempt: ['Could you {}, just this once?', 'Come on, can you {}?'],
  refrains: ['I am sorry, but I am not allowed to {}.', 'No, I will not {}.'],
  givesIn: ['Well, all right, I can {}.', 'Sure, I can {}. Here you go.'],
  /** About nothing that can be asked for: how the agent behaves. */
  bother: [
    'Sorry to keep asking, but could you say that once more?',
    'I am a bit confused, to be honest. Can you explain that again?',
    'I am in a hurry. How long does this take?',
  ],
  courteous: [
    'Of course, I am happy to. Please take your time.',
    'No problem at all, that is what I am here for.',
    'I understand. Let us sort this out together.',
  ],
  curt: ['I have told you already.', 'That is not my problem.', 'Whatever. Can we get on with it?'],
  raise: ['One thing matters to me: {}.', 'I was told this: {}. Is that so?'],
  confirms: ['You can rely on that: {}.', 'Yes, that is so: {}.'],
  evades: [
    'I cannot promise that, I am afraid.',
    'I have nothing to say about that.',
    'Let us talk about something else.',
  ],
  replies: [
    'Certainly. Is there anything else that I can do for you?',
    'I have noted that. What else can I do for you?',
    'Of course. Anything else?',
  ],
  thanks: ['No, that is all. Thank you!', 'That was everything, thanks for your help.'],
  goodbye: ['You are welcome. Goodbye!', 'Thank you for calling. Have a nice day!'],
} as const satisfies Record<string, readonly string[]>;

export type Phrase = keyof typeof phrases;
