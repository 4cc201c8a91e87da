// What some servers refuse in a name (AMB-48): markup and pictures.

export function isOdd(name) {
  return typeof name === 'string' && /[<>&]|\p{Extended_Pictographic}/u.test(name);
}
