@server @cashouts
Feature: A cashouts request is signed

  @CASH-SEC-03 @CASH-SIG-01 @CASH-HDR-01 @must
  Rule: a request without Payload-Signature fails

    Scenario: a cashout request without Payload-Signature
      Given a cashout request that the server accepts
      When only its Payload-Signature is left out
      Then it is refused because of its control string
      And the form of its error is reported as AMB-26

    Scenario Outline: a <request> request with any missing Payload-Signature
      Given a <request> request that the server accepts
      When it is sent with every missing Payload-Signature
      Then each is refused, and none has an effect

      Examples:
        | request                |
        | every cashouts request |

  @CASH-SIG-02 @must
  Rule: Payload-Signature is the HMAC of the whole body under the API signature

    Scenario Outline: a <request> request with a <fault>
      Given a <request> request that the server accepts
      When it is sent with every <fault>
      Then each is refused because of its control string, and none has an effect

      Examples:
        | request                | fault                          |
        | every cashouts request | digit changed                  |
        | every cashouts request | wrong digest                   |
        | every cashouts request | wrong text under the signature |
        | every cashouts request | other credential as the secret |

    @full
    Scenario Outline: a <request> request with a body of <bytes> bytes more
      Given a <request> request that the server accepts
      When only its body has <bytes> bytes of white space more
      Then it is not refused because of its control string

      Examples:
        | request | bytes                  |
        | every cashouts request | every size that may be cut |

  @CASH-SIG-03 @must
  Rule: the signature covers every byte of the body

    Scenario Outline: a <request> request that is changed after signing
      Given a <request> request that the server accepts
      When it is sent with every change after signing
      Then each is refused because of its control string, and none has an effect

      Examples:
        | request                |
        | every cashouts request |

  @CASH-SIG-04 @must
  Rule: Payload-Signature is in lower case

    Scenario Outline: a <request> request with upper case in the signature
      Given a <request> request that the server accepts
      When it is sent with every upper case in the signature
      Then each is refused because of its control string, and none has an effect

      Examples:
        | request                |
        | every cashouts request |
