import type { components } from '../../contract/retell.gen.js';

export type Voice = components['schemas']['Voice'];

type Row = readonly [id: string, gender: Voice['gender'], accent: string, age: string];

const female = 'female';
const male = 'male';

/**
 * Voices that every workspace has. Observed: most of these ids, in code of clients. Genders, accents and ages are
 * plausible, and not known of all.
 */
const rows: readonly Row[] = [
  ['11labs-Adrian', male, 'American', 'Young'],
  ['11labs-Brynne', female, 'American', 'Young'],
  ['11labs-Chloe', female, 'American', 'Young'],
  ['11labs-Leland', male, 'American', 'Middle Aged'],
  ['11labs-Marissa', female, 'American', 'Young'],
  ['11labs-Lily', female, 'British', 'Young'],
  ['11labs-Willa', female, 'American', 'Middle Aged'],
  ['11labs-Nico', male, 'American', 'Middle Aged'],
  ['openai-Alloy', female, 'American', 'Young'],
  ['openai-Echo', male, 'American', 'Middle Aged'],
  ['openai-Nova', female, 'American', 'Young'],
  ['openai-Onyx', male, 'American', 'Middle Aged'],
  ['openai-Shimmer', female, 'American', 'Young'],
  ['retell-Cimo', female, 'American', 'Young'],
  ['retell-Brynne', female, 'American', 'Young'],
  ['retell-Della', female, 'American', 'Middle Aged'],
  ['cartesia-Cimo', female, 'American', 'Young'],
  ['cartesia-Adam', male, 'American', 'Middle Aged'],
  ['minimax-Cimo', female, 'American', 'Young'],
  ['minimax-Jason', male, 'American', 'Middle Aged'],
];

const providers: Readonly<Record<string, Voice['provider']>> = {
  '11labs': 'elevenlabs',
  openai: 'openai',
  retell: 'platform',
  cartesia: 'cartesia',
  minimax: 'minimax',
};

/** Nothing is there: the emulator has no sound. */
export const previewOf = (voiceId: string): string =>
  `https://voices.retell-emulator.invalid/${encodeURIComponent(voiceId)}.mp3`;

export const seedVoices: readonly Voice[] = rows.map(([id, gender, accent, age]) => {
  const [prefix = '', name = ''] = id.split('-');
  return {
    voice_id: id,
    voice_name: name,
    provider: providers[prefix] ?? 'platform',
    ...{ gender, accent, age },
    preview_audio_url: previewOf(id),
  };
});

/** Made-up voices to find and add; each is there at every provider. */
const communityVoices = [
  ['Ava', female, 'A warm and calm voice, for support.'],
  ['Ben', male, 'A deep and steady voice, for narration.'],
  ['Clara', female, 'A bright and friendly voice, for sales.'],
  ['Diego', male, 'A warm voice with a Spanish accent.'],
  ['Elise', female, 'A soft voice with a French accent.'],
  ['Finn', male, 'A young and casual voice, for conversations.'],
  ['Grace', female, 'A professional voice with a British accent.'],
  ['Henry', male, 'A mature and serious voice, for news.'],
] as const;

export interface CommunityVoice {
  readonly id: string;
  readonly name: string;
  readonly gender: Voice['gender'];
  readonly description: string;
  /** Only at ElevenLabs. */
  readonly userId: string | undefined;
}

export const listCommunityVoices = (provider: string): CommunityVoice[] =>
  communityVoices.map(([name, gender, description]) => ({
    ...{ name, gender, description },
    id: `${provider}_${name.toLowerCase()}`,
    userId: provider === 'elevenlabs' ? `user_${name.toLowerCase()}` : undefined,
  }));
