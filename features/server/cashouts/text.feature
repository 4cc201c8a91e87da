@server @cashouts
Feature: Cashouts speak UTF-8

  @NOTIF-04 @must
  Rule: text is UTF-8

    Scenario Outline: a beneficiary called <name>
      Given a cashout request that the server accepts
      When only its beneficiary is called "<name>"
      Then it is accepted

      Examples:
        | name              |
        | José Ñuñez 李     |
        | Łukasz <&> O'Neil |
