@server @cashouts
Feature: Cashouts know who is calling

  @CASH-AUTH-01 @CASH-AUTH-02 @CASH-AUTH-03 @CASH-AUTH-04 @must
  Rule: key, passphrase and signature authenticate every request

    Scenario Outline: a <request> request with a wrong <credential>
      Given a <request> request that the server accepts
      When only its <credential> is ours with its last character changed
      Then it is refused because of its credentials

      Examples:
        | request        | credential |
        | cashout        | login      |
        | cashout        | pass       |
        | cashout status | login      |
        | cashout status | pass       |
        | cashout hold   | login      |
        | cashout hold   | pass       |
        | cashout cancel | login      |
        | cashout cancel | pass       |

    Scenario Outline: a <request> request signed with a key that nobody has
      Given a <request> request that the server accepts
      When only its signature is made with a made-up key
      Then it is refused because of its control string

      Examples:
        | request        |
        | cashout        |
        | cashout status |

  @CASH-AUTH-06 @must
  Rule: key and passphrase are sent in the body of every call

    Scenario Outline: a <request> request without <credential>
      Given a <request> request that the server accepts
      When only its <credential> is left out of the body
      Then it is refused

      Examples:
        | request        | credential |
        | cashout        | login      |
        | cashout        | pass       |
        | cashout status | login      |
        | cashout cancel | pass       |

    Scenario: key and passphrase in HTTP Basic instead of the body
      Given a cashout request that the server accepts
      When only its login and pass are in HTTP Basic alone
      Then it is refused

  @CASH-AUTH-01 @must @observed
  Rule: where the documents leave HTTP Basic open

    Scenario: no HTTP Basic beside the body's credentials
      Given a cashout request that the server accepts
      When only its Authorization is left out
      Then it is accepted, or refused where AMB-02 is read as basic-required
