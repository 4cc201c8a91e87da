package steps

import "github.com/d24conform/d24conform/internal/provider"

// receiverFaults are what can be wrong, or unusual, with a notification, in the words of the
// features. [provider.Fault.Tampers] says what the options mean.
func receiverFaults() []provider.Fault {
	return []provider.Fault{
		// A signature, or a control, that is not there.
		{Says: "without a signature", Options: []string{"signature=absent"}},
		{Says: "without control and Payload-Signature", Options: []string{"signature=absent"}},
		{Says: "with an empty signature", Options: []string{"signature=empty"}},
		{Says: "with an empty control", Options: []string{"signature=empty"}},
		{Says: "with the scheme word alone", Options: []string{"digest=none"}},
		{Says: "with made-up digits", Options: []string{"digest=made-up"}},

		{Says: "as JSON, without control and Payload-Signature", Options: []string{"signature=absent", "sent=json", "type=json"}},

		// The right digits, changed in one way.
		{Says: "with the first digit changed", Options: []string{"digest=first"}},
		{Says: "with a digit in the middle changed", Options: []string{"digest=middle"}},
		{Says: "with the last digit changed", Options: []string{"digest=last"}},
		{Says: "with the last digit cut off", Options: []string{"digest=cut"}},
		{Says: "with the first half of the digits", Options: []string{"digest=half"}},
		{Says: "with one digit more", Options: []string{"digest=extended"}},
		{Says: "with the digits twice", Options: []string{"digest=doubled"}},
		{Says: "with its digits in upper case", Options: []string{"digest=upper"}},
		{Says: "with its digits in lower case", Options: []string{"digest=lower"}},
		{Says: "with another scheme word", Options: []string{"scheme=TUPAY "}},
		{Says: "with the scheme word in lower case", Options: []string{"scheme=d24 "}},
		{Says: "without the scheme word", Options: []string{"scheme="}},

		// A wrong signature beside something that is unusual and right.
		{Says: "with the last digit changed, and a type with its charset", Options: []string{"digest=last", "type=charset"}},
		{Says: "without a signature, and a type with its charset", Options: []string{"signature=absent", "type=charset"}},
		{Says: "without control and Payload-Signature, and a type with its charset", Options: []string{"signature=absent", "type=charset"}},
		{Says: "with the last digit changed, and a large body", Options: []string{"digest=last", "sent=large"}},
		{Says: "without a signature, and a large body", Options: []string{"signature=absent", "sent=large"}},

		// Digits made with another secret.
		{Says: "with digits made with the other product's API signature", Options: []string{"secret=other-product"}},
		{Says: "with digits made with another merchant's API signature", Options: []string{"secret=foreign"}},
		{Says: "with digits made with the deposits API key", Options: []string{"secret=deposits-key"}},
		{Says: "with digits made with the read-only API key", Options: []string{"secret=read-only-key"}},
		{Says: "with digits made with the cashouts API key", Options: []string{"secret=cashouts-key"}},
		{Says: "with digits made with the cashouts passphrase", Options: []string{"secret=passphrase"}},
		{Says: "with digits made with an empty secret", Options: []string{"secret=nobody"}},

		{Says: "of another merchant's X-Login, with digits made with an empty secret", Options: []string{"as=foreign", "secret=nobody"}},
		{Says: "of another merchant's X-Login, with digits made with that merchant's API signature", Options: []string{"as=foreign", "secret=foreign"}},

		// Digits over another text.
		{Says: "with digits over login and body", Options: []string{"signs=login+body"}},
		{Says: "with digits over date and body", Options: []string{"signs=date+body"}},
		{Says: "with digits over date and login", Options: []string{"signs=date+login"}},
		{Says: "with digits over the body alone", Options: []string{"signs=body"}},
		{Says: "with digits over another date", Options: []string{"signs=another-date+login+body"}},
		{Says: "with digits over another login", Options: []string{"signs=date+another-login+body"}},
		{Says: "with digits over the body of another notification", Options: []string{"signs=date+login+another-body"}},
		{Says: "with digits over body, date and login", Options: []string{"signs=body+date+login"}},
		{Says: "with the control of another cashout", Options: []string{"signs=Be4+another+Bo7"}},
		{Says: "with digits over external_id and Bo7", Options: []string{"signs=external_id+Bo7"}},
		{Says: "with digits over Be4 and external_id", Options: []string{"signs=Be4+external_id"}},
		{Says: "with digits over external_id alone", Options: []string{"signs=external_id"}},
		{Says: "with digits over Be4, cashout_id and Bo7", Options: []string{"signs=Be4+cashout_id+Bo7"}},

		// What was signed, changed on its way.
		{Says: "with its date changed after it was signed", Options: []string{"date=2"}},
		{Says: "without its date", Options: []string{"date=absent"}},
		{Says: "with another merchant's X-Login after it was signed", Options: []string{"login=foreign"}},
		{Says: "without its X-Login", Options: []string{"login=absent"}},
		{Says: "with white space added after it was signed", Options: []string{"body=spaced"}},
		{Says: "with a line break after the body that was signed", Options: []string{"body=newline"}},
		{Says: "with a space before the body that was signed", Options: []string{"body=leading"}},
		{Says: "with a field added after it was signed", Options: []string{"body=field"}},
		{Says: "with white space signed that is not sent", Options: []string{"signed=spaced"}},
		{Says: "with another external_id", Options: []string{"external=another"}},
		{Says: "with the first character of its external_id changed", Options: []string{"external=first"}},
		{Says: "with the last character of its external_id changed", Options: []string{"external=last"}},
		{Says: "with the last character of its external_id cut off", Options: []string{"external=cut"}},
		{Says: "with its external_id one character longer", Options: []string{"external=extended"}},

		// Unusual, and signed as it is sent.
		{Says: "with white space that is signed", Options: []string{"sent=spaced"}},
		{Says: "with a date a day old", Options: []string{"age=-86400"}},
		{Says: "with a date an hour ahead", Options: []string{"age=3600"}},
		{Says: "with another merchant's X-Login", Options: []string{"as=foreign"}},
		{Says: "without Payload-Signature", Options: []string{"payload=absent"}},
		{Says: "with a Payload-Signature that does not fit", Options: []string{"payload=wrong"}},
		{Says: "with a body that says COMPLETED", Options: []string{"sent=status COMPLETED"}},
		{Says: "with a body that says PENDING", Options: []string{"sent=status PENDING"}},
	}
}
