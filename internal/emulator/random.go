package emulator

import (
	"encoding/hex"
	"math/rand/v2"
)

// randomString returns n letters and digits.
func randomString(rng *rand.Rand, n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return string(b)
}

// randomHex returns n hexadecimal digits; n is even.
func randomHex(rng *rand.Rand, n int) string {
	b := make([]byte, n/2)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return hex.EncodeToString(b)
}

// randomUUID returns a UUID of version 4.
func randomUUID(rng *rand.Rand) string {
	h := []byte(randomHex(rng, 32))
	h[12] = '4'
	h[16] = "89ab"[rng.IntN(4)]
	return string(h[:8]) + "-" + string(h[8:12]) + "-" + string(h[12:16]) + "-" + string(h[16:20]) + "-" + string(h[20:])
}
