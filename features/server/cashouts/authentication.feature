@server @cashouts
Feature: Cashouts know who is calling

  @CASH-AUTH-01 @CASH-AUTH-02 @CASH-AUTH-03 @CASH-AUTH-04 @must
  Rule: key, passphrase and signature authenticate every request

    Scenario Outline: a <request> request with a <fault>
      Given a <request> request that the server accepts
      When it is sent with every <fault>
      Then each is refused because of its credentials, and none has an effect

      Examples:
        | request                | fault                  |
        | every cashouts request | login that is not ours |
        | every cashouts request | pass that is not ours  |

    Scenario Outline: a <request> request signed with a secret that nobody has
      Given a <request> request that the server accepts
      When it is sent with every secret that nobody has
      Then each is refused because of its control string, and none has an effect

      Examples:
        | request                |
        | every cashouts request |

  @CASH-AUTH-06 @must
  Rule: key and passphrase are sent in the body of every call

    Scenario Outline: a <request> request without login or pass
      Given a <request> request that the server accepts
      When it is sent with every missing login or pass
      Then each is refused, and none has an effect

      Examples:
        | request                |
        | every cashouts request |

  @CASH-AUTH-01 @must @observed
  Rule: where the documents leave HTTP Basic open

    Scenario: no HTTP Basic beside the body's credentials
      Given a cashout request that the server accepts
      When only its Authorization is left out
      Then it is accepted, or refused where AMB-02 is read as basic-required
