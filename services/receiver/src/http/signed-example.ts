// The example request of /receive_data, which is accepted as it stands. The signature covers the bytes of `data` as JSON is printed with an
// indentation of two, which is how Swagger UI prints it. The private key was thrown away: the device is an example.

export const signedExample = [
  {
    data: { device: 'Swagger example', distance: 120, timestamp: 1_767_225_600 },
    signature: 'Zg4NtNQTm5LemKguSaJMpCWSNB0Ut2jCz0wWssYBrCTbhAGVwoTl+EWJkqYy9xU8Wsb6RcStjhA7rzPOifLYAA==',
    public_key:
      '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAYBoVIbvmGDPmKVuIVJigNm0CtKv3okcR65xLVnCkxlA=\n-----END PUBLIC KEY-----\n',
  },
];
