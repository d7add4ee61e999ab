import type { PhoneNumberContent } from '../../domain/calls/phone-number.js';

/**
 * Returns what is wrong with a number at the other end of a call, of which the list does not have the
 * country; undefined if nothing is. Documented: an empty list is one of all countries.
 */
export function findWrongCountry(
  content: Pick<PhoneNumberContent, CountryList>,
  listName: CountryList,
  other: string,
): Promise<string | undefined> | undefined {
  const countries = content[listName];
  // hot path: most numbers have no list.
  if (countries === undefined || countries === null || countries.length === 0) return undefined;
  return countryOf(other).then((country) => {
    if (country !== undefined && countries.includes(country)) return undefined;
    const told = country === undefined ? 'is of no country' : `is a number of ${country}`;
    return `${told}, and ${listName} has only ${countries.join(', ')}`;
  });
}

type CountryList = 'allowed_inbound_country_list' | 'allowed_outbound_country_list';

/** The country of a number, as in ISO 3166-1 alpha-2. The library is loaded when it is first needed. */
async function countryOf(number: string): Promise<string | undefined> {
  const { getRegionCodeForCountryCode, parsePhoneNumber } = await import('awesome-phonenumber');
  const { regionCode, countryCode = 0 } = parsePhoneNumber(number);
  // A number that nobody has yet may be of a country all the same.
  return regionCode ?? (countryCode > 0 ? getRegionCodeForCountryCode(countryCode) : undefined);
}
