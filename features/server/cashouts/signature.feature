@server @cashouts
Feature: A cashouts request is signed

  @CASH-SEC-03 @CASH-SIG-01 @must
  Rule: a request without Payload-Signature fails

    Scenario: a cashout request without Payload-Signature
      Given a cashout request that the server accepts
      When only its Payload-Signature is left out
      Then it is refused because of its control string

    Scenario: a Payload-Signature that is empty
      Given a cashout request that the server accepts
      When only its Payload-Signature is empty
      Then it is refused

  @CASH-SIG-02 @must
  Rule: Payload-Signature is the HMAC of the whole body under the API signature

    Scenario Outline: a Payload-Signature that <mistake>
      Given a cashout request that the server accepts
      When only its signature <mistake>
      Then it is refused because of its control string

      Examples:
        | mistake                                  |
        | is made with the deposits signature      |
        | is made with the passphrase              |
        | is made with an empty key                |
        | has its last digit changed               |
        | has its first digit changed              |
        | is cut to its first 32 digits            |
        | is 64 zeros                              |
        | has a digit too many                     |
        | is of an empty body                      |
        | is an HMAC with SHA-1                    |
        | is a plain SHA-256 without a key         |
        | is in base64                             |
        | is behind the D24 scheme word            |

  @CASH-SIG-03 @must
  Rule: the signature covers every byte of the body

    Scenario Outline: <part> changed after signing
      Given a cashout request that the server accepts
      When only its <part> is changed after signing
      Then it is refused because of its control string

      Examples:
        | part                         |
        | amount                       |
        | bank account                 |
        | last field                   |
        | order of fields              |
        | white space between fields   |
        | white space after the end    |
        | line break after the end     |

    Scenario Outline: the cashout that a <request> request names changed after signing
      Given a <request> request that the server accepts
      When only its cashout id is changed after signing
      Then it is refused because of its control string

      Examples:
        | request        |
        | cashout status |
        | cashout hold   |
        | cashout cancel |

  @CASH-SIG-04 @must
  Rule: Payload-Signature is in lower case

    Scenario Outline: a <request> request signed in upper case
      Given a <request> request that the server accepts
      When only its signature is in upper case
      Then it is refused because of its control string

      Examples:
        | request        |
        | cashout        |
        | cashout status |
