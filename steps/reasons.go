package steps

import (
	"fmt"

	"github.com/d24conform/d24conform/internal/d24"
	"github.com/d24conform/d24conform/internal/judge"
)

// reasonFor are the reasons of a refusal in the words of the features, with the codes
// that the documents give. What has no documented code may be refused with any.
func reasonFor(because string) (judge.Reason, error) {
	var codes []int
	switch because {
	case "":
		return judge.Reason{}, nil
	case "its date":
		codes = numbersOf(d24.CodeInvalidDateRange)
	case "the form of its date": // 101 is "missing or invalid format"
		codes = numbersOf(d24.CodeMissingRequiredHeader, d24.CodeInvalidDateRange)
	case "its signature":
		codes = numbersOf(d24.CodeInvalidSignature)
	case "its login":
		codes = numbersOf(d24.CodeInvalidCredentials)
	case "its missing X-Login", "its missing X-Date":
		codes = numbersOf(d24.CodeMissingRequiredHeader)
	case "its missing Authorization": // reading AMB-22
		codes = numbersOf(d24.CodeMissingRequiredHeader, d24.CodeInvalidSignature, d24.CodeInvalidCredentials)
	case "its amount":
		codes = numbersOf(d24.CodeInvalidAmountToRefund)
	case "its credentials": // 524 is the code page's other word for it
		codes = numbersOf(d24.CashoutInvalidCredentials, d24.CashoutContactSupport)
	case "its control string":
		codes = numbersOf(d24.CashoutInvalidControl)
	case "its address":
		codes = numbersOf(d24.CashoutUnregisteredIP)
	case "its external id":
		codes = numbersOf(d24.CashoutExternalIDUsed)
	case "the balance":
		codes = numbersOf(d24.CashoutInsufficientFunds)
	case "its status": // 521 is the code page's word for a status that an update cannot ask for
		codes = numbersOf(d24.CashoutInvalidStatus, d24.CashoutStatusNotSupported)
	default:
		return judge.Reason{}, fmt.Errorf("there is no reason %q for a refusal", because)
	}
	return judge.Reason{Because: because, Codes: codes}, nil
}

// numbersOf are codes of either product as they stand in a body.
func numbersOf[C ~int](codes ...C) []int {
	list := make([]int, len(codes))
	for i, code := range codes {
		list[i] = int(code)
	}
	return list
}
