@server @cashouts
Feature: Cashouts speak UTF-8

  @NOTIF-04 @must
  Rule: text is UTF-8

    Scenario Outline: a beneficiary called <name>
      Given a cashout request that the server accepts
      When only its beneficiary is called "<name>"
      Then it is accepted

      Examples:
        | name                  |
        | every name in letters |

    @observed
    Scenario Outline: a beneficiary called <name>, with signs that no page promises to take
      Given a cashout request that the server accepts
      When only its beneficiary is called "<name>"
      Then it is accepted, or refused where AMB-48 is read as letters-only

      Examples:
        | name              |
        | Ana 🌸 / "Aninha" |
        | Łukasz <&> O'Neil |

    Scenario: letters beyond ASCII in the comments
      Given a cashout request that the server accepts
      When only its comments are "Pagamento nº 7 – çãõ €"
      Then it is accepted
